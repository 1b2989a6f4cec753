# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_insforge_global_optspecs
    string join \n json o/output= jq= columns= q/quiet y/yes dry-run no-input api-url= api-key-stdin api-key-file= p/profile= sandbox timeout= retries= color= v/verbose reason= impact= recommendation= h/help V/version
end

function __fish_insforge_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_insforge_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_insforge_using_subcommand
    set -l cmd (__fish_insforge_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c insforge -n "__fish_insforge_needs_command" -s o -l output -d 'How the result is written to stdout [env: INSFORGE_OUTPUT] [default: table]' -r -f -a "table\t'For people'
json\t'The backend\'s own JSON'
jsonl\t'A line of JSON for each row'
csv\t'A line for each row, for spreadsheets'
ids\t'One id a line, for xargs'"
complete -c insforge -n "__fish_insforge_needs_command" -l jq -d 'Write what a jq filter makes of the JSON, such as \'.prices[].priceId\'; text without quotes' -r
complete -c insforge -n "__fish_insforge_needs_command" -l columns -d 'Only these columns of a table or of CSV, such as name,active' -r
complete -c insforge -n "__fish_insforge_needs_command" -l api-url -d 'The backend\'s address [env: INSFORGE_BASE_URL, then INSFORGE_URL]' -r
complete -c insforge -n "__fish_insforge_needs_command" -l api-key-file -d 'Read the project\'s API key from a file [env: INSFORGE_API_KEY_FILE]' -r -F
complete -c insforge -n "__fish_insforge_needs_command" -s p -l profile -d 'Which stored login to use [env: INSFORGE_PROFILE]' -r
complete -c insforge -n "__fish_insforge_needs_command" -l timeout -d 'Deadline for the whole command, such as 30s or 5m [env: INSFORGE_TIMEOUT] [default: 60s; sync 5m]' -r
complete -c insforge -n "__fish_insforge_needs_command" -l retries -d 'Send a request again at most this often when that is safe [env: INSFORGE_RETRIES] [default: 2]' -r
complete -c insforge -n "__fish_insforge_needs_command" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c insforge -n "__fish_insforge_needs_command" -l reason -d 'What the caller does this for; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_needs_command" -l impact -d 'What the caller expects of it; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_needs_command" -l recommendation -d 'What the caller recommends; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_needs_command" -l json -d 'Write the result as JSON: the backend\'s own body; the same as `-o json`'
complete -c insforge -n "__fish_insforge_needs_command" -s q -l quiet -d 'No notes on stderr; the result still prints'
complete -c insforge -n "__fish_insforge_needs_command" -s y -l yes -d 'Answer every confirmation with yes'
complete -c insforge -n "__fish_insforge_needs_command" -l dry-run -d 'Show the request that a write would send, and send nothing'
complete -c insforge -n "__fish_insforge_needs_command" -l no-input -d 'Never ask; a missing value is an error that names its flag [env: CI]'
complete -c insforge -n "__fish_insforge_needs_command" -l api-key-stdin -d 'Read the project\'s API key from stdin [env: INSFORGE_API_KEY has the key itself]'
complete -c insforge -n "__fish_insforge_needs_command" -l sandbox -d 'Answer from the built-in sandbox, with no account [env: INSFORGE_SANDBOX]'
complete -c insforge -n "__fish_insforge_needs_command" -s v -l verbose -d 'Tell every request, answer and wait on stderr, secrets masked; -vv headers and bodies, too [env: INSFORGE_LOG]'
complete -c insforge -n "__fish_insforge_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c insforge -n "__fish_insforge_needs_command" -s V -l version -d 'Print version'
complete -c insforge -n "__fish_insforge_needs_command" -f -a "login" -d 'Store a backend\'s address and API key, after checking that the backend accepts them'
complete -c insforge -n "__fish_insforge_needs_command" -f -a "link" -d 'Link this directory to a backend: write .insforge/project.json as InsForge\'s other tools read it'
complete -c insforge -n "__fish_insforge_needs_command" -f -a "logout" -d 'Forget a stored login, its key too'
complete -c insforge -n "__fish_insforge_needs_command" -f -a "current" -d 'Show which backend and key are used, where they come from, and whether they work'
complete -c insforge -n "__fish_insforge_needs_command" -f -a "explain" -d 'Explain an error or warning code: its meaning, its cause, and what to do'
complete -c insforge -n "__fish_insforge_needs_command" -f -a "payments" -d 'Keys, catalog, customers, subscriptions and transactions at Stripe and Razorpay'
complete -c insforge -n "__fish_insforge_needs_command" -f -a "sandbox" -d 'A backend with a Stripe and a Razorpay of its own, for trying and testing without an account'
complete -c insforge -n "__fish_insforge_needs_command" -f -a "completion" -d 'Print the completion script of a shell'
complete -c insforge -n "__fish_insforge_needs_command" -f -a "help" -d 'Explain a command or a topic: exit-codes, environment, output, errors, agents'
complete -c insforge -n "__fish_insforge_using_subcommand login" -s o -l output -d 'How the result is written to stdout [env: INSFORGE_OUTPUT] [default: table]' -r -f -a "table\t'For people'
json\t'The backend\'s own JSON'
jsonl\t'A line of JSON for each row'
csv\t'A line for each row, for spreadsheets'
ids\t'One id a line, for xargs'"
complete -c insforge -n "__fish_insforge_using_subcommand login" -l jq -d 'Write what a jq filter makes of the JSON, such as \'.prices[].priceId\'; text without quotes' -r
complete -c insforge -n "__fish_insforge_using_subcommand login" -l columns -d 'Only these columns of a table or of CSV, such as name,active' -r
complete -c insforge -n "__fish_insforge_using_subcommand login" -l api-url -d 'The backend\'s address [env: INSFORGE_BASE_URL, then INSFORGE_URL]' -r
complete -c insforge -n "__fish_insforge_using_subcommand login" -l api-key-file -d 'Read the project\'s API key from a file [env: INSFORGE_API_KEY_FILE]' -r -F
complete -c insforge -n "__fish_insforge_using_subcommand login" -s p -l profile -d 'Which stored login to use [env: INSFORGE_PROFILE]' -r
complete -c insforge -n "__fish_insforge_using_subcommand login" -l timeout -d 'Deadline for the whole command, such as 30s or 5m [env: INSFORGE_TIMEOUT] [default: 60s; sync 5m]' -r
complete -c insforge -n "__fish_insforge_using_subcommand login" -l retries -d 'Send a request again at most this often when that is safe [env: INSFORGE_RETRIES] [default: 2]' -r
complete -c insforge -n "__fish_insforge_using_subcommand login" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c insforge -n "__fish_insforge_using_subcommand login" -l reason -d 'What the caller does this for; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand login" -l impact -d 'What the caller expects of it; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand login" -l recommendation -d 'What the caller recommends; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand login" -l json -d 'Write the result as JSON: the backend\'s own body; the same as `-o json`'
complete -c insforge -n "__fish_insforge_using_subcommand login" -s q -l quiet -d 'No notes on stderr; the result still prints'
complete -c insforge -n "__fish_insforge_using_subcommand login" -s y -l yes -d 'Answer every confirmation with yes'
complete -c insforge -n "__fish_insforge_using_subcommand login" -l dry-run -d 'Show the request that a write would send, and send nothing'
complete -c insforge -n "__fish_insforge_using_subcommand login" -l no-input -d 'Never ask; a missing value is an error that names its flag [env: CI]'
complete -c insforge -n "__fish_insforge_using_subcommand login" -l api-key-stdin -d 'Read the project\'s API key from stdin [env: INSFORGE_API_KEY has the key itself]'
complete -c insforge -n "__fish_insforge_using_subcommand login" -l sandbox -d 'Answer from the built-in sandbox, with no account [env: INSFORGE_SANDBOX]'
complete -c insforge -n "__fish_insforge_using_subcommand login" -s v -l verbose -d 'Tell every request, answer and wait on stderr, secrets masked; -vv headers and bodies, too [env: INSFORGE_LOG]'
complete -c insforge -n "__fish_insforge_using_subcommand login" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c insforge -n "__fish_insforge_using_subcommand link" -l api-base-url -d 'The backend\'s address' -r
complete -c insforge -n "__fish_insforge_using_subcommand link" -l api-key -d 'The project\'s API key; argv is visible to everyone on the machine, so better not here' -r
complete -c insforge -n "__fish_insforge_using_subcommand link" -s o -l output -d 'How the result is written to stdout [env: INSFORGE_OUTPUT] [default: table]' -r -f -a "table\t'For people'
json\t'The backend\'s own JSON'
jsonl\t'A line of JSON for each row'
csv\t'A line for each row, for spreadsheets'
ids\t'One id a line, for xargs'"
complete -c insforge -n "__fish_insforge_using_subcommand link" -l jq -d 'Write what a jq filter makes of the JSON, such as \'.prices[].priceId\'; text without quotes' -r
complete -c insforge -n "__fish_insforge_using_subcommand link" -l columns -d 'Only these columns of a table or of CSV, such as name,active' -r
complete -c insforge -n "__fish_insforge_using_subcommand link" -l api-url -d 'The backend\'s address [env: INSFORGE_BASE_URL, then INSFORGE_URL]' -r
complete -c insforge -n "__fish_insforge_using_subcommand link" -l api-key-file -d 'Read the project\'s API key from a file [env: INSFORGE_API_KEY_FILE]' -r -F
complete -c insforge -n "__fish_insforge_using_subcommand link" -s p -l profile -d 'Which stored login to use [env: INSFORGE_PROFILE]' -r
complete -c insforge -n "__fish_insforge_using_subcommand link" -l timeout -d 'Deadline for the whole command, such as 30s or 5m [env: INSFORGE_TIMEOUT] [default: 60s; sync 5m]' -r
complete -c insforge -n "__fish_insforge_using_subcommand link" -l retries -d 'Send a request again at most this often when that is safe [env: INSFORGE_RETRIES] [default: 2]' -r
complete -c insforge -n "__fish_insforge_using_subcommand link" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c insforge -n "__fish_insforge_using_subcommand link" -l reason -d 'What the caller does this for; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand link" -l impact -d 'What the caller expects of it; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand link" -l recommendation -d 'What the caller recommends; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand link" -l json -d 'Write the result as JSON: the backend\'s own body; the same as `-o json`'
complete -c insforge -n "__fish_insforge_using_subcommand link" -s q -l quiet -d 'No notes on stderr; the result still prints'
complete -c insforge -n "__fish_insforge_using_subcommand link" -s y -l yes -d 'Answer every confirmation with yes'
complete -c insforge -n "__fish_insforge_using_subcommand link" -l dry-run -d 'Show the request that a write would send, and send nothing'
complete -c insforge -n "__fish_insforge_using_subcommand link" -l no-input -d 'Never ask; a missing value is an error that names its flag [env: CI]'
complete -c insforge -n "__fish_insforge_using_subcommand link" -l api-key-stdin -d 'Read the project\'s API key from stdin [env: INSFORGE_API_KEY has the key itself]'
complete -c insforge -n "__fish_insforge_using_subcommand link" -l sandbox -d 'Answer from the built-in sandbox, with no account [env: INSFORGE_SANDBOX]'
complete -c insforge -n "__fish_insforge_using_subcommand link" -s v -l verbose -d 'Tell every request, answer and wait on stderr, secrets masked; -vv headers and bodies, too [env: INSFORGE_LOG]'
complete -c insforge -n "__fish_insforge_using_subcommand link" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c insforge -n "__fish_insforge_using_subcommand logout" -s o -l output -d 'How the result is written to stdout [env: INSFORGE_OUTPUT] [default: table]' -r -f -a "table\t'For people'
json\t'The backend\'s own JSON'
jsonl\t'A line of JSON for each row'
csv\t'A line for each row, for spreadsheets'
ids\t'One id a line, for xargs'"
complete -c insforge -n "__fish_insforge_using_subcommand logout" -l jq -d 'Write what a jq filter makes of the JSON, such as \'.prices[].priceId\'; text without quotes' -r
complete -c insforge -n "__fish_insforge_using_subcommand logout" -l columns -d 'Only these columns of a table or of CSV, such as name,active' -r
complete -c insforge -n "__fish_insforge_using_subcommand logout" -l api-url -d 'The backend\'s address [env: INSFORGE_BASE_URL, then INSFORGE_URL]' -r
complete -c insforge -n "__fish_insforge_using_subcommand logout" -l api-key-file -d 'Read the project\'s API key from a file [env: INSFORGE_API_KEY_FILE]' -r -F
complete -c insforge -n "__fish_insforge_using_subcommand logout" -s p -l profile -d 'Which stored login to use [env: INSFORGE_PROFILE]' -r
complete -c insforge -n "__fish_insforge_using_subcommand logout" -l timeout -d 'Deadline for the whole command, such as 30s or 5m [env: INSFORGE_TIMEOUT] [default: 60s; sync 5m]' -r
complete -c insforge -n "__fish_insforge_using_subcommand logout" -l retries -d 'Send a request again at most this often when that is safe [env: INSFORGE_RETRIES] [default: 2]' -r
complete -c insforge -n "__fish_insforge_using_subcommand logout" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c insforge -n "__fish_insforge_using_subcommand logout" -l reason -d 'What the caller does this for; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand logout" -l impact -d 'What the caller expects of it; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand logout" -l recommendation -d 'What the caller recommends; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand logout" -l all -d 'Forget every stored login'
complete -c insforge -n "__fish_insforge_using_subcommand logout" -l json -d 'Write the result as JSON: the backend\'s own body; the same as `-o json`'
complete -c insforge -n "__fish_insforge_using_subcommand logout" -s q -l quiet -d 'No notes on stderr; the result still prints'
complete -c insforge -n "__fish_insforge_using_subcommand logout" -s y -l yes -d 'Answer every confirmation with yes'
complete -c insforge -n "__fish_insforge_using_subcommand logout" -l dry-run -d 'Show the request that a write would send, and send nothing'
complete -c insforge -n "__fish_insforge_using_subcommand logout" -l no-input -d 'Never ask; a missing value is an error that names its flag [env: CI]'
complete -c insforge -n "__fish_insforge_using_subcommand logout" -l api-key-stdin -d 'Read the project\'s API key from stdin [env: INSFORGE_API_KEY has the key itself]'
complete -c insforge -n "__fish_insforge_using_subcommand logout" -l sandbox -d 'Answer from the built-in sandbox, with no account [env: INSFORGE_SANDBOX]'
complete -c insforge -n "__fish_insforge_using_subcommand logout" -s v -l verbose -d 'Tell every request, answer and wait on stderr, secrets masked; -vv headers and bodies, too [env: INSFORGE_LOG]'
complete -c insforge -n "__fish_insforge_using_subcommand logout" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c insforge -n "__fish_insforge_using_subcommand current" -s o -l output -d 'How the result is written to stdout [env: INSFORGE_OUTPUT] [default: table]' -r -f -a "table\t'For people'
json\t'The backend\'s own JSON'
jsonl\t'A line of JSON for each row'
csv\t'A line for each row, for spreadsheets'
ids\t'One id a line, for xargs'"
complete -c insforge -n "__fish_insforge_using_subcommand current" -l jq -d 'Write what a jq filter makes of the JSON, such as \'.prices[].priceId\'; text without quotes' -r
complete -c insforge -n "__fish_insforge_using_subcommand current" -l columns -d 'Only these columns of a table or of CSV, such as name,active' -r
complete -c insforge -n "__fish_insforge_using_subcommand current" -l api-url -d 'The backend\'s address [env: INSFORGE_BASE_URL, then INSFORGE_URL]' -r
complete -c insforge -n "__fish_insforge_using_subcommand current" -l api-key-file -d 'Read the project\'s API key from a file [env: INSFORGE_API_KEY_FILE]' -r -F
complete -c insforge -n "__fish_insforge_using_subcommand current" -s p -l profile -d 'Which stored login to use [env: INSFORGE_PROFILE]' -r
complete -c insforge -n "__fish_insforge_using_subcommand current" -l timeout -d 'Deadline for the whole command, such as 30s or 5m [env: INSFORGE_TIMEOUT] [default: 60s; sync 5m]' -r
complete -c insforge -n "__fish_insforge_using_subcommand current" -l retries -d 'Send a request again at most this often when that is safe [env: INSFORGE_RETRIES] [default: 2]' -r
complete -c insforge -n "__fish_insforge_using_subcommand current" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c insforge -n "__fish_insforge_using_subcommand current" -l reason -d 'What the caller does this for; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand current" -l impact -d 'What the caller expects of it; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand current" -l recommendation -d 'What the caller recommends; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand current" -l json -d 'Write the result as JSON: the backend\'s own body; the same as `-o json`'
complete -c insforge -n "__fish_insforge_using_subcommand current" -s q -l quiet -d 'No notes on stderr; the result still prints'
complete -c insforge -n "__fish_insforge_using_subcommand current" -s y -l yes -d 'Answer every confirmation with yes'
complete -c insforge -n "__fish_insforge_using_subcommand current" -l dry-run -d 'Show the request that a write would send, and send nothing'
complete -c insforge -n "__fish_insforge_using_subcommand current" -l no-input -d 'Never ask; a missing value is an error that names its flag [env: CI]'
complete -c insforge -n "__fish_insforge_using_subcommand current" -l api-key-stdin -d 'Read the project\'s API key from stdin [env: INSFORGE_API_KEY has the key itself]'
complete -c insforge -n "__fish_insforge_using_subcommand current" -l sandbox -d 'Answer from the built-in sandbox, with no account [env: INSFORGE_SANDBOX]'
complete -c insforge -n "__fish_insforge_using_subcommand current" -s v -l verbose -d 'Tell every request, answer and wait on stderr, secrets masked; -vv headers and bodies, too [env: INSFORGE_LOG]'
complete -c insforge -n "__fish_insforge_using_subcommand current" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c insforge -n "__fish_insforge_using_subcommand explain" -s o -l output -d 'How the result is written to stdout [env: INSFORGE_OUTPUT] [default: table]' -r -f -a "table\t'For people'
json\t'The backend\'s own JSON'
jsonl\t'A line of JSON for each row'
csv\t'A line for each row, for spreadsheets'
ids\t'One id a line, for xargs'"
complete -c insforge -n "__fish_insforge_using_subcommand explain" -l jq -d 'Write what a jq filter makes of the JSON, such as \'.prices[].priceId\'; text without quotes' -r
complete -c insforge -n "__fish_insforge_using_subcommand explain" -l columns -d 'Only these columns of a table or of CSV, such as name,active' -r
complete -c insforge -n "__fish_insforge_using_subcommand explain" -l api-url -d 'The backend\'s address [env: INSFORGE_BASE_URL, then INSFORGE_URL]' -r
complete -c insforge -n "__fish_insforge_using_subcommand explain" -l api-key-file -d 'Read the project\'s API key from a file [env: INSFORGE_API_KEY_FILE]' -r -F
complete -c insforge -n "__fish_insforge_using_subcommand explain" -s p -l profile -d 'Which stored login to use [env: INSFORGE_PROFILE]' -r
complete -c insforge -n "__fish_insforge_using_subcommand explain" -l timeout -d 'Deadline for the whole command, such as 30s or 5m [env: INSFORGE_TIMEOUT] [default: 60s; sync 5m]' -r
complete -c insforge -n "__fish_insforge_using_subcommand explain" -l retries -d 'Send a request again at most this often when that is safe [env: INSFORGE_RETRIES] [default: 2]' -r
complete -c insforge -n "__fish_insforge_using_subcommand explain" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c insforge -n "__fish_insforge_using_subcommand explain" -l reason -d 'What the caller does this for; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand explain" -l impact -d 'What the caller expects of it; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand explain" -l recommendation -d 'What the caller recommends; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand explain" -l json -d 'Write the result as JSON: the backend\'s own body; the same as `-o json`'
complete -c insforge -n "__fish_insforge_using_subcommand explain" -s q -l quiet -d 'No notes on stderr; the result still prints'
complete -c insforge -n "__fish_insforge_using_subcommand explain" -s y -l yes -d 'Answer every confirmation with yes'
complete -c insforge -n "__fish_insforge_using_subcommand explain" -l dry-run -d 'Show the request that a write would send, and send nothing'
complete -c insforge -n "__fish_insforge_using_subcommand explain" -l no-input -d 'Never ask; a missing value is an error that names its flag [env: CI]'
complete -c insforge -n "__fish_insforge_using_subcommand explain" -l api-key-stdin -d 'Read the project\'s API key from stdin [env: INSFORGE_API_KEY has the key itself]'
complete -c insforge -n "__fish_insforge_using_subcommand explain" -l sandbox -d 'Answer from the built-in sandbox, with no account [env: INSFORGE_SANDBOX]'
complete -c insforge -n "__fish_insforge_using_subcommand explain" -s v -l verbose -d 'Tell every request, answer and wait on stderr, secrets masked; -vv headers and bodies, too [env: INSFORGE_LOG]'
complete -c insforge -n "__fish_insforge_using_subcommand explain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and not __fish_seen_subcommand_from status doctor sync customers subscriptions transactions catalog config webhooks products prices stripe razorpay" -s o -l output -d 'How the result is written to stdout [env: INSFORGE_OUTPUT] [default: table]' -r -f -a "table\t'For people'
json\t'The backend\'s own JSON'
jsonl\t'A line of JSON for each row'
csv\t'A line for each row, for spreadsheets'
ids\t'One id a line, for xargs'"
complete -c insforge -n "__fish_insforge_using_subcommand payments; and not __fish_seen_subcommand_from status doctor sync customers subscriptions transactions catalog config webhooks products prices stripe razorpay" -l jq -d 'Write what a jq filter makes of the JSON, such as \'.prices[].priceId\'; text without quotes' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and not __fish_seen_subcommand_from status doctor sync customers subscriptions transactions catalog config webhooks products prices stripe razorpay" -l columns -d 'Only these columns of a table or of CSV, such as name,active' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and not __fish_seen_subcommand_from status doctor sync customers subscriptions transactions catalog config webhooks products prices stripe razorpay" -l api-url -d 'The backend\'s address [env: INSFORGE_BASE_URL, then INSFORGE_URL]' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and not __fish_seen_subcommand_from status doctor sync customers subscriptions transactions catalog config webhooks products prices stripe razorpay" -l api-key-file -d 'Read the project\'s API key from a file [env: INSFORGE_API_KEY_FILE]' -r -F
complete -c insforge -n "__fish_insforge_using_subcommand payments; and not __fish_seen_subcommand_from status doctor sync customers subscriptions transactions catalog config webhooks products prices stripe razorpay" -s p -l profile -d 'Which stored login to use [env: INSFORGE_PROFILE]' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and not __fish_seen_subcommand_from status doctor sync customers subscriptions transactions catalog config webhooks products prices stripe razorpay" -l timeout -d 'Deadline for the whole command, such as 30s or 5m [env: INSFORGE_TIMEOUT] [default: 60s; sync 5m]' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and not __fish_seen_subcommand_from status doctor sync customers subscriptions transactions catalog config webhooks products prices stripe razorpay" -l retries -d 'Send a request again at most this often when that is safe [env: INSFORGE_RETRIES] [default: 2]' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and not __fish_seen_subcommand_from status doctor sync customers subscriptions transactions catalog config webhooks products prices stripe razorpay" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c insforge -n "__fish_insforge_using_subcommand payments; and not __fish_seen_subcommand_from status doctor sync customers subscriptions transactions catalog config webhooks products prices stripe razorpay" -l reason -d 'What the caller does this for; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and not __fish_seen_subcommand_from status doctor sync customers subscriptions transactions catalog config webhooks products prices stripe razorpay" -l impact -d 'What the caller expects of it; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and not __fish_seen_subcommand_from status doctor sync customers subscriptions transactions catalog config webhooks products prices stripe razorpay" -l recommendation -d 'What the caller recommends; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and not __fish_seen_subcommand_from status doctor sync customers subscriptions transactions catalog config webhooks products prices stripe razorpay" -l json -d 'Write the result as JSON: the backend\'s own body; the same as `-o json`'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and not __fish_seen_subcommand_from status doctor sync customers subscriptions transactions catalog config webhooks products prices stripe razorpay" -s q -l quiet -d 'No notes on stderr; the result still prints'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and not __fish_seen_subcommand_from status doctor sync customers subscriptions transactions catalog config webhooks products prices stripe razorpay" -s y -l yes -d 'Answer every confirmation with yes'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and not __fish_seen_subcommand_from status doctor sync customers subscriptions transactions catalog config webhooks products prices stripe razorpay" -l dry-run -d 'Show the request that a write would send, and send nothing'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and not __fish_seen_subcommand_from status doctor sync customers subscriptions transactions catalog config webhooks products prices stripe razorpay" -l no-input -d 'Never ask; a missing value is an error that names its flag [env: CI]'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and not __fish_seen_subcommand_from status doctor sync customers subscriptions transactions catalog config webhooks products prices stripe razorpay" -l api-key-stdin -d 'Read the project\'s API key from stdin [env: INSFORGE_API_KEY has the key itself]'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and not __fish_seen_subcommand_from status doctor sync customers subscriptions transactions catalog config webhooks products prices stripe razorpay" -l sandbox -d 'Answer from the built-in sandbox, with no account [env: INSFORGE_SANDBOX]'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and not __fish_seen_subcommand_from status doctor sync customers subscriptions transactions catalog config webhooks products prices stripe razorpay" -s v -l verbose -d 'Tell every request, answer and wait on stderr, secrets masked; -vv headers and bodies, too [env: INSFORGE_LOG]'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and not __fish_seen_subcommand_from status doctor sync customers subscriptions transactions catalog config webhooks products prices stripe razorpay" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and not __fish_seen_subcommand_from status doctor sync customers subscriptions transactions catalog config webhooks products prices stripe razorpay" -f -a "status" -d 'Show connection, key, account, webhook and last sync of each environment'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and not __fish_seen_subcommand_from status doctor sync customers subscriptions transactions catalog config webhooks products prices stripe razorpay" -f -a "doctor" -d 'Check address, key, backend, webhook, sync and catalog, and say what repairs them'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and not __fish_seen_subcommand_from status doctor sync customers subscriptions transactions catalog config webhooks products prices stripe razorpay" -f -a "sync" -d 'Mirror the provider\'s catalog, customers and subscriptions again'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and not __fish_seen_subcommand_from status doctor sync customers subscriptions transactions catalog config webhooks products prices stripe razorpay" -f -a "customers" -d 'List the customers of one environment, as the mirror has them'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and not __fish_seen_subcommand_from status doctor sync customers subscriptions transactions catalog config webhooks products prices stripe razorpay" -f -a "subscriptions" -d 'List the subscriptions of one environment, as the mirror has them'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and not __fish_seen_subcommand_from status doctor sync customers subscriptions transactions catalog config webhooks products prices stripe razorpay" -f -a "transactions" -d 'List payments, failed payments and refunds of one environment, newest first'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and not __fish_seen_subcommand_from status doctor sync customers subscriptions transactions catalog config webhooks products prices stripe razorpay" -f -a "catalog" -d 'List everything that is for sale in one environment, as the mirror has it; and the catalog as code'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and not __fish_seen_subcommand_from status doctor sync customers subscriptions transactions catalog config webhooks products prices stripe razorpay" -f -a "config" -d 'Show which keys are configured, masked; set and remove them'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and not __fish_seen_subcommand_from status doctor sync customers subscriptions transactions catalog config webhooks products prices stripe razorpay" -f -a "webhooks" -d 'The webhook endpoint through which Stripe tells the backend of payments'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and not __fish_seen_subcommand_from status doctor sync customers subscriptions transactions catalog config webhooks products prices stripe razorpay" -f -a "products" -d 'Stripe products'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and not __fish_seen_subcommand_from status doctor sync customers subscriptions transactions catalog config webhooks products prices stripe razorpay" -f -a "prices" -d 'Stripe prices'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and not __fish_seen_subcommand_from status doctor sync customers subscriptions transactions catalog config webhooks products prices stripe razorpay" -f -a "stripe" -d 'The same commands, with the provider\'s name'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and not __fish_seen_subcommand_from status doctor sync customers subscriptions transactions catalog config webhooks products prices stripe razorpay" -f -a "razorpay" -d 'The same for Razorpay, with its items and plans'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from status" -s o -l output -d 'How the result is written to stdout [env: INSFORGE_OUTPUT] [default: table]' -r -f -a "table\t'For people'
json\t'The backend\'s own JSON'
jsonl\t'A line of JSON for each row'
csv\t'A line for each row, for spreadsheets'
ids\t'One id a line, for xargs'"
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from status" -l jq -d 'Write what a jq filter makes of the JSON, such as \'.prices[].priceId\'; text without quotes' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from status" -l columns -d 'Only these columns of a table or of CSV, such as name,active' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from status" -l api-url -d 'The backend\'s address [env: INSFORGE_BASE_URL, then INSFORGE_URL]' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from status" -l api-key-file -d 'Read the project\'s API key from a file [env: INSFORGE_API_KEY_FILE]' -r -F
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from status" -s p -l profile -d 'Which stored login to use [env: INSFORGE_PROFILE]' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from status" -l timeout -d 'Deadline for the whole command, such as 30s or 5m [env: INSFORGE_TIMEOUT] [default: 60s; sync 5m]' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from status" -l retries -d 'Send a request again at most this often when that is safe [env: INSFORGE_RETRIES] [default: 2]' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from status" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from status" -l reason -d 'What the caller does this for; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from status" -l impact -d 'What the caller expects of it; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from status" -l recommendation -d 'What the caller recommends; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from status" -l json -d 'Write the result as JSON: the backend\'s own body; the same as `-o json`'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from status" -s q -l quiet -d 'No notes on stderr; the result still prints'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from status" -s y -l yes -d 'Answer every confirmation with yes'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from status" -l dry-run -d 'Show the request that a write would send, and send nothing'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from status" -l no-input -d 'Never ask; a missing value is an error that names its flag [env: CI]'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from status" -l api-key-stdin -d 'Read the project\'s API key from stdin [env: INSFORGE_API_KEY has the key itself]'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from status" -l sandbox -d 'Answer from the built-in sandbox, with no account [env: INSFORGE_SANDBOX]'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from status" -s v -l verbose -d 'Tell every request, answer and wait on stderr, secrets masked; -vv headers and bodies, too [env: INSFORGE_LOG]'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from doctor" -s e -l environment -d 'The environment, as a flag' -r -f -a "test\t'No real money moves'
live\t'Real customers, real money'"
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from doctor" -s o -l output -d 'How the result is written to stdout [env: INSFORGE_OUTPUT] [default: table]' -r -f -a "table\t'For people'
json\t'The backend\'s own JSON'
jsonl\t'A line of JSON for each row'
csv\t'A line for each row, for spreadsheets'
ids\t'One id a line, for xargs'"
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from doctor" -l jq -d 'Write what a jq filter makes of the JSON, such as \'.prices[].priceId\'; text without quotes' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from doctor" -l columns -d 'Only these columns of a table or of CSV, such as name,active' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from doctor" -l api-url -d 'The backend\'s address [env: INSFORGE_BASE_URL, then INSFORGE_URL]' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from doctor" -l api-key-file -d 'Read the project\'s API key from a file [env: INSFORGE_API_KEY_FILE]' -r -F
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from doctor" -s p -l profile -d 'Which stored login to use [env: INSFORGE_PROFILE]' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from doctor" -l timeout -d 'Deadline for the whole command, such as 30s or 5m [env: INSFORGE_TIMEOUT] [default: 60s; sync 5m]' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from doctor" -l retries -d 'Send a request again at most this often when that is safe [env: INSFORGE_RETRIES] [default: 2]' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from doctor" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from doctor" -l reason -d 'What the caller does this for; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from doctor" -l impact -d 'What the caller expects of it; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from doctor" -l recommendation -d 'What the caller recommends; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from doctor" -l json -d 'Write the result as JSON: the backend\'s own body; the same as `-o json`'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from doctor" -s q -l quiet -d 'No notes on stderr; the result still prints'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from doctor" -s y -l yes -d 'Answer every confirmation with yes'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from doctor" -l dry-run -d 'Show the request that a write would send, and send nothing'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from doctor" -l no-input -d 'Never ask; a missing value is an error that names its flag [env: CI]'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from doctor" -l api-key-stdin -d 'Read the project\'s API key from stdin [env: INSFORGE_API_KEY has the key itself]'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from doctor" -l sandbox -d 'Answer from the built-in sandbox, with no account [env: INSFORGE_SANDBOX]'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from doctor" -s v -l verbose -d 'Tell every request, answer and wait on stderr, secrets masked; -vv headers and bodies, too [env: INSFORGE_LOG]'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from sync" -s e -l environment -d 'The environment, as a flag' -r -f -a "test\t''
live\t''
all\t''"
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from sync" -s o -l output -d 'How the result is written to stdout [env: INSFORGE_OUTPUT] [default: table]' -r -f -a "table\t'For people'
json\t'The backend\'s own JSON'
jsonl\t'A line of JSON for each row'
csv\t'A line for each row, for spreadsheets'
ids\t'One id a line, for xargs'"
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from sync" -l jq -d 'Write what a jq filter makes of the JSON, such as \'.prices[].priceId\'; text without quotes' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from sync" -l columns -d 'Only these columns of a table or of CSV, such as name,active' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from sync" -l api-url -d 'The backend\'s address [env: INSFORGE_BASE_URL, then INSFORGE_URL]' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from sync" -l api-key-file -d 'Read the project\'s API key from a file [env: INSFORGE_API_KEY_FILE]' -r -F
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from sync" -s p -l profile -d 'Which stored login to use [env: INSFORGE_PROFILE]' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from sync" -l timeout -d 'Deadline for the whole command, such as 30s or 5m [env: INSFORGE_TIMEOUT] [default: 60s; sync 5m]' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from sync" -l retries -d 'Send a request again at most this often when that is safe [env: INSFORGE_RETRIES] [default: 2]' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from sync" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from sync" -l reason -d 'What the caller does this for; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from sync" -l impact -d 'What the caller expects of it; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from sync" -l recommendation -d 'What the caller recommends; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from sync" -l json -d 'Write the result as JSON: the backend\'s own body; the same as `-o json`'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from sync" -s q -l quiet -d 'No notes on stderr; the result still prints'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from sync" -s y -l yes -d 'Answer every confirmation with yes'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from sync" -l dry-run -d 'Show the request that a write would send, and send nothing'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from sync" -l no-input -d 'Never ask; a missing value is an error that names its flag [env: CI]'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from sync" -l api-key-stdin -d 'Read the project\'s API key from stdin [env: INSFORGE_API_KEY has the key itself]'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from sync" -l sandbox -d 'Answer from the built-in sandbox, with no account [env: INSFORGE_SANDBOX]'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from sync" -s v -l verbose -d 'Tell every request, answer and wait on stderr, secrets masked; -vv headers and bodies, too [env: INSFORGE_LOG]'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from sync" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from customers" -s e -l environment -d 'The environment, as a flag' -r -f -a "test\t'No real money moves'
live\t'Real customers, real money'"
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from customers" -l limit -d 'At most so many rows [default: 50]' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from customers" -s o -l output -d 'How the result is written to stdout [env: INSFORGE_OUTPUT] [default: table]' -r -f -a "table\t'For people'
json\t'The backend\'s own JSON'
jsonl\t'A line of JSON for each row'
csv\t'A line for each row, for spreadsheets'
ids\t'One id a line, for xargs'"
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from customers" -l jq -d 'Write what a jq filter makes of the JSON, such as \'.prices[].priceId\'; text without quotes' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from customers" -l columns -d 'Only these columns of a table or of CSV, such as name,active' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from customers" -l api-url -d 'The backend\'s address [env: INSFORGE_BASE_URL, then INSFORGE_URL]' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from customers" -l api-key-file -d 'Read the project\'s API key from a file [env: INSFORGE_API_KEY_FILE]' -r -F
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from customers" -s p -l profile -d 'Which stored login to use [env: INSFORGE_PROFILE]' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from customers" -l timeout -d 'Deadline for the whole command, such as 30s or 5m [env: INSFORGE_TIMEOUT] [default: 60s; sync 5m]' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from customers" -l retries -d 'Send a request again at most this often when that is safe [env: INSFORGE_RETRIES] [default: 2]' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from customers" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from customers" -l reason -d 'What the caller does this for; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from customers" -l impact -d 'What the caller expects of it; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from customers" -l recommendation -d 'What the caller recommends; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from customers" -l json -d 'Write the result as JSON: the backend\'s own body; the same as `-o json`'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from customers" -s q -l quiet -d 'No notes on stderr; the result still prints'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from customers" -s y -l yes -d 'Answer every confirmation with yes'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from customers" -l dry-run -d 'Show the request that a write would send, and send nothing'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from customers" -l no-input -d 'Never ask; a missing value is an error that names its flag [env: CI]'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from customers" -l api-key-stdin -d 'Read the project\'s API key from stdin [env: INSFORGE_API_KEY has the key itself]'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from customers" -l sandbox -d 'Answer from the built-in sandbox, with no account [env: INSFORGE_SANDBOX]'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from customers" -s v -l verbose -d 'Tell every request, answer and wait on stderr, secrets masked; -vv headers and bodies, too [env: INSFORGE_LOG]'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from customers" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from subscriptions" -s e -l environment -d 'The environment, as a flag' -r -f -a "test\t'No real money moves'
live\t'Real customers, real money'"
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from subscriptions" -l subject-type -d 'Only of this kind of billing subject, in your application\'s words' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from subscriptions" -l subject-id -d 'Only of the billing subject with this id in your application' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from subscriptions" -l limit -d 'At most so many rows [default: 50]' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from subscriptions" -s o -l output -d 'How the result is written to stdout [env: INSFORGE_OUTPUT] [default: table]' -r -f -a "table\t'For people'
json\t'The backend\'s own JSON'
jsonl\t'A line of JSON for each row'
csv\t'A line for each row, for spreadsheets'
ids\t'One id a line, for xargs'"
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from subscriptions" -l jq -d 'Write what a jq filter makes of the JSON, such as \'.prices[].priceId\'; text without quotes' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from subscriptions" -l columns -d 'Only these columns of a table or of CSV, such as name,active' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from subscriptions" -l api-url -d 'The backend\'s address [env: INSFORGE_BASE_URL, then INSFORGE_URL]' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from subscriptions" -l api-key-file -d 'Read the project\'s API key from a file [env: INSFORGE_API_KEY_FILE]' -r -F
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from subscriptions" -s p -l profile -d 'Which stored login to use [env: INSFORGE_PROFILE]' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from subscriptions" -l timeout -d 'Deadline for the whole command, such as 30s or 5m [env: INSFORGE_TIMEOUT] [default: 60s; sync 5m]' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from subscriptions" -l retries -d 'Send a request again at most this often when that is safe [env: INSFORGE_RETRIES] [default: 2]' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from subscriptions" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from subscriptions" -l reason -d 'What the caller does this for; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from subscriptions" -l impact -d 'What the caller expects of it; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from subscriptions" -l recommendation -d 'What the caller recommends; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from subscriptions" -l json -d 'Write the result as JSON: the backend\'s own body; the same as `-o json`'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from subscriptions" -s q -l quiet -d 'No notes on stderr; the result still prints'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from subscriptions" -s y -l yes -d 'Answer every confirmation with yes'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from subscriptions" -l dry-run -d 'Show the request that a write would send, and send nothing'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from subscriptions" -l no-input -d 'Never ask; a missing value is an error that names its flag [env: CI]'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from subscriptions" -l api-key-stdin -d 'Read the project\'s API key from stdin [env: INSFORGE_API_KEY has the key itself]'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from subscriptions" -l sandbox -d 'Answer from the built-in sandbox, with no account [env: INSFORGE_SANDBOX]'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from subscriptions" -s v -l verbose -d 'Tell every request, answer and wait on stderr, secrets masked; -vv headers and bodies, too [env: INSFORGE_LOG]'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from subscriptions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from transactions" -s e -l environment -d 'The environment, as a flag' -r -f -a "test\t'No real money moves'
live\t'Real customers, real money'"
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from transactions" -l subject-type -d 'Only of this kind of billing subject, in your application\'s words' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from transactions" -l subject-id -d 'Only of the billing subject with this id in your application' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from transactions" -l limit -d 'At most so many rows [default: 50]' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from transactions" -l interval -d 'How long to wait before looking again, at least 1s [default: 5s]' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from transactions" -s o -l output -d 'How the result is written to stdout [env: INSFORGE_OUTPUT] [default: table]' -r -f -a "table\t'For people'
json\t'The backend\'s own JSON'
jsonl\t'A line of JSON for each row'
csv\t'A line for each row, for spreadsheets'
ids\t'One id a line, for xargs'"
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from transactions" -l jq -d 'Write what a jq filter makes of the JSON, such as \'.prices[].priceId\'; text without quotes' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from transactions" -l columns -d 'Only these columns of a table or of CSV, such as name,active' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from transactions" -l api-url -d 'The backend\'s address [env: INSFORGE_BASE_URL, then INSFORGE_URL]' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from transactions" -l api-key-file -d 'Read the project\'s API key from a file [env: INSFORGE_API_KEY_FILE]' -r -F
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from transactions" -s p -l profile -d 'Which stored login to use [env: INSFORGE_PROFILE]' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from transactions" -l timeout -d 'Deadline for the whole command, such as 30s or 5m [env: INSFORGE_TIMEOUT] [default: 60s; sync 5m]' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from transactions" -l retries -d 'Send a request again at most this often when that is safe [env: INSFORGE_RETRIES] [default: 2]' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from transactions" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from transactions" -l reason -d 'What the caller does this for; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from transactions" -l impact -d 'What the caller expects of it; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from transactions" -l recommendation -d 'What the caller recommends; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from transactions" -l follow -d 'Go on: show each that comes or changes, until Ctrl-C'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from transactions" -l json -d 'Write the result as JSON: the backend\'s own body; the same as `-o json`'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from transactions" -s q -l quiet -d 'No notes on stderr; the result still prints'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from transactions" -s y -l yes -d 'Answer every confirmation with yes'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from transactions" -l dry-run -d 'Show the request that a write would send, and send nothing'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from transactions" -l no-input -d 'Never ask; a missing value is an error that names its flag [env: CI]'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from transactions" -l api-key-stdin -d 'Read the project\'s API key from stdin [env: INSFORGE_API_KEY has the key itself]'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from transactions" -l sandbox -d 'Answer from the built-in sandbox, with no account [env: INSFORGE_SANDBOX]'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from transactions" -s v -l verbose -d 'Tell every request, answer and wait on stderr, secrets masked; -vv headers and bodies, too [env: INSFORGE_LOG]'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from transactions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from catalog" -s o -l output -d 'How the result is written to stdout [env: INSFORGE_OUTPUT] [default: table]' -r -f -a "table\t'For people'
json\t'The backend\'s own JSON'
jsonl\t'A line of JSON for each row'
csv\t'A line for each row, for spreadsheets'
ids\t'One id a line, for xargs'"
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from catalog" -l jq -d 'Write what a jq filter makes of the JSON, such as \'.prices[].priceId\'; text without quotes' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from catalog" -l columns -d 'Only these columns of a table or of CSV, such as name,active' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from catalog" -l api-url -d 'The backend\'s address [env: INSFORGE_BASE_URL, then INSFORGE_URL]' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from catalog" -l api-key-file -d 'Read the project\'s API key from a file [env: INSFORGE_API_KEY_FILE]' -r -F
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from catalog" -s p -l profile -d 'Which stored login to use [env: INSFORGE_PROFILE]' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from catalog" -l timeout -d 'Deadline for the whole command, such as 30s or 5m [env: INSFORGE_TIMEOUT] [default: 60s; sync 5m]' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from catalog" -l retries -d 'Send a request again at most this often when that is safe [env: INSFORGE_RETRIES] [default: 2]' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from catalog" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from catalog" -l reason -d 'What the caller does this for; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from catalog" -l impact -d 'What the caller expects of it; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from catalog" -l recommendation -d 'What the caller recommends; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from catalog" -s e -l environment -d 'The environment, as a flag' -r -f -a "test\t'No real money moves'
live\t'Real customers, real money'"
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from catalog" -l json -d 'Write the result as JSON: the backend\'s own body; the same as `-o json`'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from catalog" -s q -l quiet -d 'No notes on stderr; the result still prints'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from catalog" -s y -l yes -d 'Answer every confirmation with yes'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from catalog" -l dry-run -d 'Show the request that a write would send, and send nothing'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from catalog" -l no-input -d 'Never ask; a missing value is an error that names its flag [env: CI]'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from catalog" -l api-key-stdin -d 'Read the project\'s API key from stdin [env: INSFORGE_API_KEY has the key itself]'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from catalog" -l sandbox -d 'Answer from the built-in sandbox, with no account [env: INSFORGE_SANDBOX]'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from catalog" -s v -l verbose -d 'Tell every request, answer and wait on stderr, secrets masked; -vv headers and bodies, too [env: INSFORGE_LOG]'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from catalog" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from catalog" -a "plan" -d 'Show what would change at Stripe so that it is as the file says'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from catalog" -a "apply" -d 'Make Stripe\'s catalog as the file says'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from catalog" -a "export" -d 'Write the catalog\'s file from what is at Stripe'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from catalog" -a "diff" -d 'Show what would change in one environment if it became as the other'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from catalog" -a "ids" -d 'Give an application the ids of the catalog\'s prices, by lookup key'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from config" -s o -l output -d 'How the result is written to stdout [env: INSFORGE_OUTPUT] [default: table]' -r -f -a "table\t'For people'
json\t'The backend\'s own JSON'
jsonl\t'A line of JSON for each row'
csv\t'A line for each row, for spreadsheets'
ids\t'One id a line, for xargs'"
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from config" -l jq -d 'Write what a jq filter makes of the JSON, such as \'.prices[].priceId\'; text without quotes' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from config" -l columns -d 'Only these columns of a table or of CSV, such as name,active' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from config" -l api-url -d 'The backend\'s address [env: INSFORGE_BASE_URL, then INSFORGE_URL]' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from config" -l api-key-file -d 'Read the project\'s API key from a file [env: INSFORGE_API_KEY_FILE]' -r -F
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from config" -s p -l profile -d 'Which stored login to use [env: INSFORGE_PROFILE]' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from config" -l timeout -d 'Deadline for the whole command, such as 30s or 5m [env: INSFORGE_TIMEOUT] [default: 60s; sync 5m]' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from config" -l retries -d 'Send a request again at most this often when that is safe [env: INSFORGE_RETRIES] [default: 2]' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from config" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from config" -l reason -d 'What the caller does this for; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from config" -l impact -d 'What the caller expects of it; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from config" -l recommendation -d 'What the caller recommends; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from config" -l json -d 'Write the result as JSON: the backend\'s own body; the same as `-o json`'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from config" -s q -l quiet -d 'No notes on stderr; the result still prints'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from config" -s y -l yes -d 'Answer every confirmation with yes'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from config" -l dry-run -d 'Show the request that a write would send, and send nothing'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from config" -l no-input -d 'Never ask; a missing value is an error that names its flag [env: CI]'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from config" -l api-key-stdin -d 'Read the project\'s API key from stdin [env: INSFORGE_API_KEY has the key itself]'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from config" -l sandbox -d 'Answer from the built-in sandbox, with no account [env: INSFORGE_SANDBOX]'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from config" -s v -l verbose -d 'Tell every request, answer and wait on stderr, secrets masked; -vv headers and bodies, too [env: INSFORGE_LOG]'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from config" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from config" -f -a "list" -d 'The same as `config` alone'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from config" -f -a "set" -d 'Give the backend the Stripe secret key of one environment'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from config" -f -a "remove" -d 'Take the keys of one environment away from the backend'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from webhooks" -s o -l output -d 'How the result is written to stdout [env: INSFORGE_OUTPUT] [default: table]' -r -f -a "table\t'For people'
json\t'The backend\'s own JSON'
jsonl\t'A line of JSON for each row'
csv\t'A line for each row, for spreadsheets'
ids\t'One id a line, for xargs'"
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from webhooks" -l jq -d 'Write what a jq filter makes of the JSON, such as \'.prices[].priceId\'; text without quotes' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from webhooks" -l columns -d 'Only these columns of a table or of CSV, such as name,active' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from webhooks" -l api-url -d 'The backend\'s address [env: INSFORGE_BASE_URL, then INSFORGE_URL]' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from webhooks" -l api-key-file -d 'Read the project\'s API key from a file [env: INSFORGE_API_KEY_FILE]' -r -F
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from webhooks" -s p -l profile -d 'Which stored login to use [env: INSFORGE_PROFILE]' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from webhooks" -l timeout -d 'Deadline for the whole command, such as 30s or 5m [env: INSFORGE_TIMEOUT] [default: 60s; sync 5m]' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from webhooks" -l retries -d 'Send a request again at most this often when that is safe [env: INSFORGE_RETRIES] [default: 2]' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from webhooks" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from webhooks" -l reason -d 'What the caller does this for; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from webhooks" -l impact -d 'What the caller expects of it; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from webhooks" -l recommendation -d 'What the caller recommends; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from webhooks" -l json -d 'Write the result as JSON: the backend\'s own body; the same as `-o json`'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from webhooks" -s q -l quiet -d 'No notes on stderr; the result still prints'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from webhooks" -s y -l yes -d 'Answer every confirmation with yes'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from webhooks" -l dry-run -d 'Show the request that a write would send, and send nothing'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from webhooks" -l no-input -d 'Never ask; a missing value is an error that names its flag [env: CI]'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from webhooks" -l api-key-stdin -d 'Read the project\'s API key from stdin [env: INSFORGE_API_KEY has the key itself]'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from webhooks" -l sandbox -d 'Answer from the built-in sandbox, with no account [env: INSFORGE_SANDBOX]'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from webhooks" -s v -l verbose -d 'Tell every request, answer and wait on stderr, secrets masked; -vv headers and bodies, too [env: INSFORGE_LOG]'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from webhooks" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from webhooks" -f -a "configure" -d 'Create the webhook endpoint at Stripe, or make it anew'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from products" -s o -l output -d 'How the result is written to stdout [env: INSFORGE_OUTPUT] [default: table]' -r -f -a "table\t'For people'
json\t'The backend\'s own JSON'
jsonl\t'A line of JSON for each row'
csv\t'A line for each row, for spreadsheets'
ids\t'One id a line, for xargs'"
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from products" -l jq -d 'Write what a jq filter makes of the JSON, such as \'.prices[].priceId\'; text without quotes' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from products" -l columns -d 'Only these columns of a table or of CSV, such as name,active' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from products" -l api-url -d 'The backend\'s address [env: INSFORGE_BASE_URL, then INSFORGE_URL]' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from products" -l api-key-file -d 'Read the project\'s API key from a file [env: INSFORGE_API_KEY_FILE]' -r -F
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from products" -s p -l profile -d 'Which stored login to use [env: INSFORGE_PROFILE]' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from products" -l timeout -d 'Deadline for the whole command, such as 30s or 5m [env: INSFORGE_TIMEOUT] [default: 60s; sync 5m]' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from products" -l retries -d 'Send a request again at most this often when that is safe [env: INSFORGE_RETRIES] [default: 2]' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from products" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from products" -l reason -d 'What the caller does this for; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from products" -l impact -d 'What the caller expects of it; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from products" -l recommendation -d 'What the caller recommends; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from products" -l json -d 'Write the result as JSON: the backend\'s own body; the same as `-o json`'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from products" -s q -l quiet -d 'No notes on stderr; the result still prints'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from products" -s y -l yes -d 'Answer every confirmation with yes'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from products" -l dry-run -d 'Show the request that a write would send, and send nothing'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from products" -l no-input -d 'Never ask; a missing value is an error that names its flag [env: CI]'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from products" -l api-key-stdin -d 'Read the project\'s API key from stdin [env: INSFORGE_API_KEY has the key itself]'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from products" -l sandbox -d 'Answer from the built-in sandbox, with no account [env: INSFORGE_SANDBOX]'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from products" -s v -l verbose -d 'Tell every request, answer and wait on stderr, secrets masked; -vv headers and bodies, too [env: INSFORGE_LOG]'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from products" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from products" -f -a "list" -d 'List the products of one environment'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from products" -f -a "get" -d 'Show one product and its prices'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from products" -f -a "create" -d 'Create a product'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from products" -f -a "update" -d 'Change a product'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from products" -f -a "delete" -d 'Delete a product that has no prices'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from prices" -s o -l output -d 'How the result is written to stdout [env: INSFORGE_OUTPUT] [default: table]' -r -f -a "table\t'For people'
json\t'The backend\'s own JSON'
jsonl\t'A line of JSON for each row'
csv\t'A line for each row, for spreadsheets'
ids\t'One id a line, for xargs'"
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from prices" -l jq -d 'Write what a jq filter makes of the JSON, such as \'.prices[].priceId\'; text without quotes' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from prices" -l columns -d 'Only these columns of a table or of CSV, such as name,active' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from prices" -l api-url -d 'The backend\'s address [env: INSFORGE_BASE_URL, then INSFORGE_URL]' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from prices" -l api-key-file -d 'Read the project\'s API key from a file [env: INSFORGE_API_KEY_FILE]' -r -F
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from prices" -s p -l profile -d 'Which stored login to use [env: INSFORGE_PROFILE]' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from prices" -l timeout -d 'Deadline for the whole command, such as 30s or 5m [env: INSFORGE_TIMEOUT] [default: 60s; sync 5m]' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from prices" -l retries -d 'Send a request again at most this often when that is safe [env: INSFORGE_RETRIES] [default: 2]' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from prices" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from prices" -l reason -d 'What the caller does this for; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from prices" -l impact -d 'What the caller expects of it; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from prices" -l recommendation -d 'What the caller recommends; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from prices" -l json -d 'Write the result as JSON: the backend\'s own body; the same as `-o json`'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from prices" -s q -l quiet -d 'No notes on stderr; the result still prints'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from prices" -s y -l yes -d 'Answer every confirmation with yes'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from prices" -l dry-run -d 'Show the request that a write would send, and send nothing'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from prices" -l no-input -d 'Never ask; a missing value is an error that names its flag [env: CI]'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from prices" -l api-key-stdin -d 'Read the project\'s API key from stdin [env: INSFORGE_API_KEY has the key itself]'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from prices" -l sandbox -d 'Answer from the built-in sandbox, with no account [env: INSFORGE_SANDBOX]'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from prices" -s v -l verbose -d 'Tell every request, answer and wait on stderr, secrets masked; -vv headers and bodies, too [env: INSFORGE_LOG]'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from prices" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from prices" -f -a "list" -d 'List the prices of one environment'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from prices" -f -a "get" -d 'Show one price'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from prices" -f -a "create" -d 'Create a one-time or recurring price'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from prices" -f -a "update" -d 'Change a price: never its amount, currency or interval'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from prices" -f -a "archive" -d 'Archive a price: nobody can buy at it any more, subscriptions that have it go on'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from stripe" -s o -l output -d 'How the result is written to stdout [env: INSFORGE_OUTPUT] [default: table]' -r -f -a "table\t'For people'
json\t'The backend\'s own JSON'
jsonl\t'A line of JSON for each row'
csv\t'A line for each row, for spreadsheets'
ids\t'One id a line, for xargs'"
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from stripe" -l jq -d 'Write what a jq filter makes of the JSON, such as \'.prices[].priceId\'; text without quotes' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from stripe" -l columns -d 'Only these columns of a table or of CSV, such as name,active' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from stripe" -l api-url -d 'The backend\'s address [env: INSFORGE_BASE_URL, then INSFORGE_URL]' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from stripe" -l api-key-file -d 'Read the project\'s API key from a file [env: INSFORGE_API_KEY_FILE]' -r -F
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from stripe" -s p -l profile -d 'Which stored login to use [env: INSFORGE_PROFILE]' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from stripe" -l timeout -d 'Deadline for the whole command, such as 30s or 5m [env: INSFORGE_TIMEOUT] [default: 60s; sync 5m]' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from stripe" -l retries -d 'Send a request again at most this often when that is safe [env: INSFORGE_RETRIES] [default: 2]' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from stripe" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from stripe" -l reason -d 'What the caller does this for; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from stripe" -l impact -d 'What the caller expects of it; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from stripe" -l recommendation -d 'What the caller recommends; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from stripe" -l json -d 'Write the result as JSON: the backend\'s own body; the same as `-o json`'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from stripe" -s q -l quiet -d 'No notes on stderr; the result still prints'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from stripe" -s y -l yes -d 'Answer every confirmation with yes'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from stripe" -l dry-run -d 'Show the request that a write would send, and send nothing'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from stripe" -l no-input -d 'Never ask; a missing value is an error that names its flag [env: CI]'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from stripe" -l api-key-stdin -d 'Read the project\'s API key from stdin [env: INSFORGE_API_KEY has the key itself]'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from stripe" -l sandbox -d 'Answer from the built-in sandbox, with no account [env: INSFORGE_SANDBOX]'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from stripe" -s v -l verbose -d 'Tell every request, answer and wait on stderr, secrets masked; -vv headers and bodies, too [env: INSFORGE_LOG]'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from stripe" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from stripe" -f -a "status" -d 'Show connection, key, account, webhook and last sync of each environment'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from stripe" -f -a "doctor" -d 'Check address, key, backend, webhook, sync and catalog, and say what repairs them'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from stripe" -f -a "sync" -d 'Mirror the provider\'s catalog, customers and subscriptions again'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from stripe" -f -a "customers" -d 'List the customers of one environment, as the mirror has them'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from stripe" -f -a "subscriptions" -d 'List the subscriptions of one environment, as the mirror has them'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from stripe" -f -a "transactions" -d 'List payments, failed payments and refunds of one environment, newest first'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from stripe" -f -a "catalog" -d 'List everything that is for sale in one environment, as the mirror has it; and the catalog as code'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from stripe" -f -a "config" -d 'Show which keys are configured, masked; set and remove them'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from stripe" -f -a "webhooks" -d 'The webhook endpoint through which Stripe tells the backend of payments'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from stripe" -f -a "products" -d 'Stripe products'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from stripe" -f -a "prices" -d 'Stripe prices'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from razorpay" -s o -l output -d 'How the result is written to stdout [env: INSFORGE_OUTPUT] [default: table]' -r -f -a "table\t'For people'
json\t'The backend\'s own JSON'
jsonl\t'A line of JSON for each row'
csv\t'A line for each row, for spreadsheets'
ids\t'One id a line, for xargs'"
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from razorpay" -l jq -d 'Write what a jq filter makes of the JSON, such as \'.prices[].priceId\'; text without quotes' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from razorpay" -l columns -d 'Only these columns of a table or of CSV, such as name,active' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from razorpay" -l api-url -d 'The backend\'s address [env: INSFORGE_BASE_URL, then INSFORGE_URL]' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from razorpay" -l api-key-file -d 'Read the project\'s API key from a file [env: INSFORGE_API_KEY_FILE]' -r -F
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from razorpay" -s p -l profile -d 'Which stored login to use [env: INSFORGE_PROFILE]' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from razorpay" -l timeout -d 'Deadline for the whole command, such as 30s or 5m [env: INSFORGE_TIMEOUT] [default: 60s; sync 5m]' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from razorpay" -l retries -d 'Send a request again at most this often when that is safe [env: INSFORGE_RETRIES] [default: 2]' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from razorpay" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from razorpay" -l reason -d 'What the caller does this for; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from razorpay" -l impact -d 'What the caller expects of it; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from razorpay" -l recommendation -d 'What the caller recommends; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from razorpay" -l json -d 'Write the result as JSON: the backend\'s own body; the same as `-o json`'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from razorpay" -s q -l quiet -d 'No notes on stderr; the result still prints'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from razorpay" -s y -l yes -d 'Answer every confirmation with yes'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from razorpay" -l dry-run -d 'Show the request that a write would send, and send nothing'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from razorpay" -l no-input -d 'Never ask; a missing value is an error that names its flag [env: CI]'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from razorpay" -l api-key-stdin -d 'Read the project\'s API key from stdin [env: INSFORGE_API_KEY has the key itself]'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from razorpay" -l sandbox -d 'Answer from the built-in sandbox, with no account [env: INSFORGE_SANDBOX]'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from razorpay" -s v -l verbose -d 'Tell every request, answer and wait on stderr, secrets masked; -vv headers and bodies, too [env: INSFORGE_LOG]'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from razorpay" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from razorpay" -f -a "status" -d 'Show connection, key, account, webhook and last sync of each environment'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from razorpay" -f -a "doctor" -d 'Check address, key, backend, webhook, sync and catalog, and say what repairs them'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from razorpay" -f -a "sync" -d 'Mirror the provider\'s catalog, customers and subscriptions again'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from razorpay" -f -a "customers" -d 'List the customers of one environment, as the mirror has them'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from razorpay" -f -a "subscriptions" -d 'List the subscriptions of one environment, as the mirror has them'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from razorpay" -f -a "transactions" -d 'List payments, failed payments and refunds of one environment, newest first'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from razorpay" -f -a "catalog" -d 'List everything that is for sale in one environment, as the mirror has it'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from razorpay" -f -a "config" -d 'Show which keys are configured, masked; set and remove them'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from razorpay" -f -a "webhooks" -d 'The webhook through which Razorpay tells the backend of payments, which is made in Razorpay\'s dashboard'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from razorpay" -f -a "items" -d 'Razorpay items'
complete -c insforge -n "__fish_insforge_using_subcommand payments; and __fish_seen_subcommand_from razorpay" -f -a "plans" -d 'Razorpay plans'
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and not __fish_seen_subcommand_from serve exec reset path" -s o -l output -d 'How the result is written to stdout [env: INSFORGE_OUTPUT] [default: table]' -r -f -a "table\t'For people'
json\t'The backend\'s own JSON'
jsonl\t'A line of JSON for each row'
csv\t'A line for each row, for spreadsheets'
ids\t'One id a line, for xargs'"
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and not __fish_seen_subcommand_from serve exec reset path" -l jq -d 'Write what a jq filter makes of the JSON, such as \'.prices[].priceId\'; text without quotes' -r
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and not __fish_seen_subcommand_from serve exec reset path" -l columns -d 'Only these columns of a table or of CSV, such as name,active' -r
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and not __fish_seen_subcommand_from serve exec reset path" -l api-url -d 'The backend\'s address [env: INSFORGE_BASE_URL, then INSFORGE_URL]' -r
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and not __fish_seen_subcommand_from serve exec reset path" -l api-key-file -d 'Read the project\'s API key from a file [env: INSFORGE_API_KEY_FILE]' -r -F
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and not __fish_seen_subcommand_from serve exec reset path" -s p -l profile -d 'Which stored login to use [env: INSFORGE_PROFILE]' -r
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and not __fish_seen_subcommand_from serve exec reset path" -l timeout -d 'Deadline for the whole command, such as 30s or 5m [env: INSFORGE_TIMEOUT] [default: 60s; sync 5m]' -r
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and not __fish_seen_subcommand_from serve exec reset path" -l retries -d 'Send a request again at most this often when that is safe [env: INSFORGE_RETRIES] [default: 2]' -r
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and not __fish_seen_subcommand_from serve exec reset path" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and not __fish_seen_subcommand_from serve exec reset path" -l reason -d 'What the caller does this for; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and not __fish_seen_subcommand_from serve exec reset path" -l impact -d 'What the caller expects of it; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and not __fish_seen_subcommand_from serve exec reset path" -l recommendation -d 'What the caller recommends; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and not __fish_seen_subcommand_from serve exec reset path" -l json -d 'Write the result as JSON: the backend\'s own body; the same as `-o json`'
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and not __fish_seen_subcommand_from serve exec reset path" -s q -l quiet -d 'No notes on stderr; the result still prints'
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and not __fish_seen_subcommand_from serve exec reset path" -s y -l yes -d 'Answer every confirmation with yes'
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and not __fish_seen_subcommand_from serve exec reset path" -l dry-run -d 'Show the request that a write would send, and send nothing'
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and not __fish_seen_subcommand_from serve exec reset path" -l no-input -d 'Never ask; a missing value is an error that names its flag [env: CI]'
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and not __fish_seen_subcommand_from serve exec reset path" -l api-key-stdin -d 'Read the project\'s API key from stdin [env: INSFORGE_API_KEY has the key itself]'
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and not __fish_seen_subcommand_from serve exec reset path" -l sandbox -d 'Answer from the built-in sandbox, with no account [env: INSFORGE_SANDBOX]'
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and not __fish_seen_subcommand_from serve exec reset path" -s v -l verbose -d 'Tell every request, answer and wait on stderr, secrets masked; -vv headers and bodies, too [env: INSFORGE_LOG]'
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and not __fish_seen_subcommand_from serve exec reset path" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and not __fish_seen_subcommand_from serve exec reset path" -f -a "serve" -d 'Serve the sandbox on a port of this machine until Ctrl-C'
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and not __fish_seen_subcommand_from serve exec reset path" -f -a "exec" -d 'Run a command with a fresh sandbox as its backend'
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and not __fish_seen_subcommand_from serve exec reset path" -f -a "reset" -d 'Forget the sandbox\'s state: its next use begins with the small shop'
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and not __fish_seen_subcommand_from serve exec reset path" -f -a "path" -d 'Show where the state of --sandbox is kept'
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from serve" -l state -d 'Keep the state in this file instead of that of --sandbox' -r -F
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from serve" -l port -d 'Listen on this port; 0 is any free one' -r
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from serve" -l public-url -d 'The address under which Stripe would reach the backend: a made-up public one around a command, else this machine, to which Stripe sends no webhooks' -r
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from serve" -l generation -d 'Which of the backend\'s routes it has' -r -f -a "newer\t'`/api/payments/{provider}/…`: June 2026 (2.3) and later'
older\t'`/api/payments/…`, Stripe only, with longer field names: 2.1 and 2.2'"
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from serve" -l fault -d 'Let something go wrong, such as `POST /products: drop-after-write x1`; give it again for more' -r
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from serve" -l seed -d 'What chance begins with: the same number gives the same faults' -r
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from serve" -s o -l output -d 'How the result is written to stdout [env: INSFORGE_OUTPUT] [default: table]' -r -f -a "table\t'For people'
json\t'The backend\'s own JSON'
jsonl\t'A line of JSON for each row'
csv\t'A line for each row, for spreadsheets'
ids\t'One id a line, for xargs'"
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from serve" -l jq -d 'Write what a jq filter makes of the JSON, such as \'.prices[].priceId\'; text without quotes' -r
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from serve" -l columns -d 'Only these columns of a table or of CSV, such as name,active' -r
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from serve" -l api-url -d 'The backend\'s address [env: INSFORGE_BASE_URL, then INSFORGE_URL]' -r
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from serve" -l api-key-file -d 'Read the project\'s API key from a file [env: INSFORGE_API_KEY_FILE]' -r -F
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from serve" -s p -l profile -d 'Which stored login to use [env: INSFORGE_PROFILE]' -r
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from serve" -l timeout -d 'Deadline for the whole command, such as 30s or 5m [env: INSFORGE_TIMEOUT] [default: 60s; sync 5m]' -r
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from serve" -l retries -d 'Send a request again at most this often when that is safe [env: INSFORGE_RETRIES] [default: 2]' -r
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from serve" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from serve" -l reason -d 'What the caller does this for; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from serve" -l impact -d 'What the caller expects of it; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from serve" -l recommendation -d 'What the caller recommends; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from serve" -l empty -d 'Begin with no key and empty providers instead of the small shop, where there is no state yet'
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from serve" -l json -d 'Write the result as JSON: the backend\'s own body; the same as `-o json`'
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from serve" -s q -l quiet -d 'No notes on stderr; the result still prints'
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from serve" -s y -l yes -d 'Answer every confirmation with yes'
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from serve" -l dry-run -d 'Show the request that a write would send, and send nothing'
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from serve" -l no-input -d 'Never ask; a missing value is an error that names its flag [env: CI]'
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from serve" -l api-key-stdin -d 'Read the project\'s API key from stdin [env: INSFORGE_API_KEY has the key itself]'
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from serve" -l sandbox -d 'Answer from the built-in sandbox, with no account [env: INSFORGE_SANDBOX]'
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from serve" -s v -l verbose -d 'Tell every request, answer and wait on stderr, secrets masked; -vv headers and bodies, too [env: INSFORGE_LOG]'
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from serve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from exec" -l state -d 'Keep the state in this file instead of in memory' -r -F
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from exec" -l port -d 'Listen on this port; 0 is any free one' -r
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from exec" -l public-url -d 'The address under which Stripe would reach the backend: a made-up public one around a command, else this machine, to which Stripe sends no webhooks' -r
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from exec" -l generation -d 'Which of the backend\'s routes it has' -r -f -a "newer\t'`/api/payments/{provider}/…`: June 2026 (2.3) and later'
older\t'`/api/payments/…`, Stripe only, with longer field names: 2.1 and 2.2'"
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from exec" -l fault -d 'Let something go wrong, such as `POST /products: drop-after-write x1`; give it again for more' -r
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from exec" -l seed -d 'What chance begins with: the same number gives the same faults' -r
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from exec" -s o -l output -d 'How the result is written to stdout [env: INSFORGE_OUTPUT] [default: table]' -r -f -a "table\t'For people'
json\t'The backend\'s own JSON'
jsonl\t'A line of JSON for each row'
csv\t'A line for each row, for spreadsheets'
ids\t'One id a line, for xargs'"
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from exec" -l jq -d 'Write what a jq filter makes of the JSON, such as \'.prices[].priceId\'; text without quotes' -r
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from exec" -l columns -d 'Only these columns of a table or of CSV, such as name,active' -r
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from exec" -l api-url -d 'The backend\'s address [env: INSFORGE_BASE_URL, then INSFORGE_URL]' -r
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from exec" -l api-key-file -d 'Read the project\'s API key from a file [env: INSFORGE_API_KEY_FILE]' -r -F
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from exec" -s p -l profile -d 'Which stored login to use [env: INSFORGE_PROFILE]' -r
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from exec" -l timeout -d 'Deadline for the whole command, such as 30s or 5m [env: INSFORGE_TIMEOUT] [default: 60s; sync 5m]' -r
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from exec" -l retries -d 'Send a request again at most this often when that is safe [env: INSFORGE_RETRIES] [default: 2]' -r
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from exec" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from exec" -l reason -d 'What the caller does this for; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from exec" -l impact -d 'What the caller expects of it; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from exec" -l recommendation -d 'What the caller recommends; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from exec" -l empty -d 'Begin with no key and empty providers instead of the small shop, where there is no state yet'
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from exec" -l json -d 'Write the result as JSON: the backend\'s own body; the same as `-o json`'
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from exec" -s q -l quiet -d 'No notes on stderr; the result still prints'
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from exec" -s y -l yes -d 'Answer every confirmation with yes'
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from exec" -l dry-run -d 'Show the request that a write would send, and send nothing'
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from exec" -l no-input -d 'Never ask; a missing value is an error that names its flag [env: CI]'
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from exec" -l api-key-stdin -d 'Read the project\'s API key from stdin [env: INSFORGE_API_KEY has the key itself]'
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from exec" -l sandbox -d 'Answer from the built-in sandbox, with no account [env: INSFORGE_SANDBOX]'
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from exec" -s v -l verbose -d 'Tell every request, answer and wait on stderr, secrets masked; -vv headers and bodies, too [env: INSFORGE_LOG]'
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from exec" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from reset" -l state -d 'The file that has the state, if it is another than that of --sandbox' -r -F
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from reset" -s o -l output -d 'How the result is written to stdout [env: INSFORGE_OUTPUT] [default: table]' -r -f -a "table\t'For people'
json\t'The backend\'s own JSON'
jsonl\t'A line of JSON for each row'
csv\t'A line for each row, for spreadsheets'
ids\t'One id a line, for xargs'"
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from reset" -l jq -d 'Write what a jq filter makes of the JSON, such as \'.prices[].priceId\'; text without quotes' -r
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from reset" -l columns -d 'Only these columns of a table or of CSV, such as name,active' -r
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from reset" -l api-url -d 'The backend\'s address [env: INSFORGE_BASE_URL, then INSFORGE_URL]' -r
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from reset" -l api-key-file -d 'Read the project\'s API key from a file [env: INSFORGE_API_KEY_FILE]' -r -F
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from reset" -s p -l profile -d 'Which stored login to use [env: INSFORGE_PROFILE]' -r
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from reset" -l timeout -d 'Deadline for the whole command, such as 30s or 5m [env: INSFORGE_TIMEOUT] [default: 60s; sync 5m]' -r
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from reset" -l retries -d 'Send a request again at most this often when that is safe [env: INSFORGE_RETRIES] [default: 2]' -r
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from reset" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from reset" -l reason -d 'What the caller does this for; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from reset" -l impact -d 'What the caller expects of it; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from reset" -l recommendation -d 'What the caller recommends; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from reset" -l json -d 'Write the result as JSON: the backend\'s own body; the same as `-o json`'
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from reset" -s q -l quiet -d 'No notes on stderr; the result still prints'
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from reset" -s y -l yes -d 'Answer every confirmation with yes'
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from reset" -l dry-run -d 'Show the request that a write would send, and send nothing'
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from reset" -l no-input -d 'Never ask; a missing value is an error that names its flag [env: CI]'
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from reset" -l api-key-stdin -d 'Read the project\'s API key from stdin [env: INSFORGE_API_KEY has the key itself]'
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from reset" -l sandbox -d 'Answer from the built-in sandbox, with no account [env: INSFORGE_SANDBOX]'
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from reset" -s v -l verbose -d 'Tell every request, answer and wait on stderr, secrets masked; -vv headers and bodies, too [env: INSFORGE_LOG]'
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from reset" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from path" -s o -l output -d 'How the result is written to stdout [env: INSFORGE_OUTPUT] [default: table]' -r -f -a "table\t'For people'
json\t'The backend\'s own JSON'
jsonl\t'A line of JSON for each row'
csv\t'A line for each row, for spreadsheets'
ids\t'One id a line, for xargs'"
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from path" -l jq -d 'Write what a jq filter makes of the JSON, such as \'.prices[].priceId\'; text without quotes' -r
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from path" -l columns -d 'Only these columns of a table or of CSV, such as name,active' -r
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from path" -l api-url -d 'The backend\'s address [env: INSFORGE_BASE_URL, then INSFORGE_URL]' -r
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from path" -l api-key-file -d 'Read the project\'s API key from a file [env: INSFORGE_API_KEY_FILE]' -r -F
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from path" -s p -l profile -d 'Which stored login to use [env: INSFORGE_PROFILE]' -r
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from path" -l timeout -d 'Deadline for the whole command, such as 30s or 5m [env: INSFORGE_TIMEOUT] [default: 60s; sync 5m]' -r
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from path" -l retries -d 'Send a request again at most this often when that is safe [env: INSFORGE_RETRIES] [default: 2]' -r
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from path" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from path" -l reason -d 'What the caller does this for; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from path" -l impact -d 'What the caller expects of it; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from path" -l recommendation -d 'What the caller recommends; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from path" -l json -d 'Write the result as JSON: the backend\'s own body; the same as `-o json`'
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from path" -s q -l quiet -d 'No notes on stderr; the result still prints'
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from path" -s y -l yes -d 'Answer every confirmation with yes'
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from path" -l dry-run -d 'Show the request that a write would send, and send nothing'
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from path" -l no-input -d 'Never ask; a missing value is an error that names its flag [env: CI]'
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from path" -l api-key-stdin -d 'Read the project\'s API key from stdin [env: INSFORGE_API_KEY has the key itself]'
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from path" -l sandbox -d 'Answer from the built-in sandbox, with no account [env: INSFORGE_SANDBOX]'
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from path" -s v -l verbose -d 'Tell every request, answer and wait on stderr, secrets masked; -vv headers and bodies, too [env: INSFORGE_LOG]'
complete -c insforge -n "__fish_insforge_using_subcommand sandbox; and __fish_seen_subcommand_from path" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c insforge -n "__fish_insforge_using_subcommand completion" -s o -l output -d 'How the result is written to stdout [env: INSFORGE_OUTPUT] [default: table]' -r -f -a "table\t'For people'
json\t'The backend\'s own JSON'
jsonl\t'A line of JSON for each row'
csv\t'A line for each row, for spreadsheets'
ids\t'One id a line, for xargs'"
complete -c insforge -n "__fish_insforge_using_subcommand completion" -l jq -d 'Write what a jq filter makes of the JSON, such as \'.prices[].priceId\'; text without quotes' -r
complete -c insforge -n "__fish_insforge_using_subcommand completion" -l columns -d 'Only these columns of a table or of CSV, such as name,active' -r
complete -c insforge -n "__fish_insforge_using_subcommand completion" -l api-url -d 'The backend\'s address [env: INSFORGE_BASE_URL, then INSFORGE_URL]' -r
complete -c insforge -n "__fish_insforge_using_subcommand completion" -l api-key-file -d 'Read the project\'s API key from a file [env: INSFORGE_API_KEY_FILE]' -r -F
complete -c insforge -n "__fish_insforge_using_subcommand completion" -s p -l profile -d 'Which stored login to use [env: INSFORGE_PROFILE]' -r
complete -c insforge -n "__fish_insforge_using_subcommand completion" -l timeout -d 'Deadline for the whole command, such as 30s or 5m [env: INSFORGE_TIMEOUT] [default: 60s; sync 5m]' -r
complete -c insforge -n "__fish_insforge_using_subcommand completion" -l retries -d 'Send a request again at most this often when that is safe [env: INSFORGE_RETRIES] [default: 2]' -r
complete -c insforge -n "__fish_insforge_using_subcommand completion" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c insforge -n "__fish_insforge_using_subcommand completion" -l reason -d 'What the caller does this for; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand completion" -l impact -d 'What the caller expects of it; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand completion" -l recommendation -d 'What the caller recommends; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand completion" -l dynamic -d 'The script that completes ids and other values, too'
complete -c insforge -n "__fish_insforge_using_subcommand completion" -l json -d 'Write the result as JSON: the backend\'s own body; the same as `-o json`'
complete -c insforge -n "__fish_insforge_using_subcommand completion" -s q -l quiet -d 'No notes on stderr; the result still prints'
complete -c insforge -n "__fish_insforge_using_subcommand completion" -s y -l yes -d 'Answer every confirmation with yes'
complete -c insforge -n "__fish_insforge_using_subcommand completion" -l dry-run -d 'Show the request that a write would send, and send nothing'
complete -c insforge -n "__fish_insforge_using_subcommand completion" -l no-input -d 'Never ask; a missing value is an error that names its flag [env: CI]'
complete -c insforge -n "__fish_insforge_using_subcommand completion" -l api-key-stdin -d 'Read the project\'s API key from stdin [env: INSFORGE_API_KEY has the key itself]'
complete -c insforge -n "__fish_insforge_using_subcommand completion" -l sandbox -d 'Answer from the built-in sandbox, with no account [env: INSFORGE_SANDBOX]'
complete -c insforge -n "__fish_insforge_using_subcommand completion" -s v -l verbose -d 'Tell every request, answer and wait on stderr, secrets masked; -vv headers and bodies, too [env: INSFORGE_LOG]'
complete -c insforge -n "__fish_insforge_using_subcommand completion" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c insforge -n "__fish_insforge_using_subcommand help" -s o -l output -d 'How the result is written to stdout [env: INSFORGE_OUTPUT] [default: table]' -r -f -a "table\t'For people'
json\t'The backend\'s own JSON'
jsonl\t'A line of JSON for each row'
csv\t'A line for each row, for spreadsheets'
ids\t'One id a line, for xargs'"
complete -c insforge -n "__fish_insforge_using_subcommand help" -l jq -d 'Write what a jq filter makes of the JSON, such as \'.prices[].priceId\'; text without quotes' -r
complete -c insforge -n "__fish_insforge_using_subcommand help" -l columns -d 'Only these columns of a table or of CSV, such as name,active' -r
complete -c insforge -n "__fish_insforge_using_subcommand help" -l api-url -d 'The backend\'s address [env: INSFORGE_BASE_URL, then INSFORGE_URL]' -r
complete -c insforge -n "__fish_insforge_using_subcommand help" -l api-key-file -d 'Read the project\'s API key from a file [env: INSFORGE_API_KEY_FILE]' -r -F
complete -c insforge -n "__fish_insforge_using_subcommand help" -s p -l profile -d 'Which stored login to use [env: INSFORGE_PROFILE]' -r
complete -c insforge -n "__fish_insforge_using_subcommand help" -l timeout -d 'Deadline for the whole command, such as 30s or 5m [env: INSFORGE_TIMEOUT] [default: 60s; sync 5m]' -r
complete -c insforge -n "__fish_insforge_using_subcommand help" -l retries -d 'Send a request again at most this often when that is safe [env: INSFORGE_RETRIES] [default: 2]' -r
complete -c insforge -n "__fish_insforge_using_subcommand help" -l color -d 'When to use colours [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c insforge -n "__fish_insforge_using_subcommand help" -l reason -d 'What the caller does this for; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand help" -l impact -d 'What the caller expects of it; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand help" -l recommendation -d 'What the caller recommends; shown beside a confirmation' -r
complete -c insforge -n "__fish_insforge_using_subcommand help" -l json -d 'Write the result as JSON: the backend\'s own body; the same as `-o json`'
complete -c insforge -n "__fish_insforge_using_subcommand help" -s q -l quiet -d 'No notes on stderr; the result still prints'
complete -c insforge -n "__fish_insforge_using_subcommand help" -s y -l yes -d 'Answer every confirmation with yes'
complete -c insforge -n "__fish_insforge_using_subcommand help" -l dry-run -d 'Show the request that a write would send, and send nothing'
complete -c insforge -n "__fish_insforge_using_subcommand help" -l no-input -d 'Never ask; a missing value is an error that names its flag [env: CI]'
complete -c insforge -n "__fish_insforge_using_subcommand help" -l api-key-stdin -d 'Read the project\'s API key from stdin [env: INSFORGE_API_KEY has the key itself]'
complete -c insforge -n "__fish_insforge_using_subcommand help" -l sandbox -d 'Answer from the built-in sandbox, with no account [env: INSFORGE_SANDBOX]'
complete -c insforge -n "__fish_insforge_using_subcommand help" -s v -l verbose -d 'Tell every request, answer and wait on stderr, secrets masked; -vv headers and bodies, too [env: INSFORGE_LOG]'
complete -c insforge -n "__fish_insforge_using_subcommand help" -s h -l help -d 'Print help (see more with \'--help\')'
