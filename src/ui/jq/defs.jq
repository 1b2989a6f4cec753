# What jaq has in a crate with many other formats.
def cell_of(f): if . == null then "" elif isstring then f elif isarray or isobject then error("\(tojson) cannot stand in one cell") else tojson end;
def @csv: map(cell_of("\"" + (split("\"") | join("\"\"")) + "\"")) | join(",");
def @tsv: map(cell_of(split("\\") | join("\\\\") | split("\t") | join("\\t") | split("\n") | join("\\n") | split("\r") | join("\\r"))) | join("\t");
