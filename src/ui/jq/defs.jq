# jaq defines these in a crate with many other formats.
def cell_of(f): if . == null then "" elif isstring then f elif isarray or isobject then error("\(tojson) cannot be a single cell") else tojson end;
def @csv: map(cell_of("\"" + (split("\"") | join("\"\"")) + "\"")) | join(",");
def @tsv: map(cell_of(split("\\") | join("\\\\") | split("\t") | join("\\t") | split("\n") | join("\\n") | split("\r") | join("\\r"))) | join("\t");
# Functions of jq that jaq lacks or defines differently.
def join($between): if . == [] then "" else map(if . == null then "" elif isboolean or isnumber then tojson else . end) | .[0] + ([.[1:][] | $between + .] | add // "") end;
def IN(values): any(values == .; .);
def IN(source; values): any(source == values; .);
def INDEX(rows; key): reduce rows as $row ({}; . + {($row | key | tostring): $row});
def INDEX(key): INDEX(.[]; key);
def leaf_paths: paths(isarray or isobject | not);
