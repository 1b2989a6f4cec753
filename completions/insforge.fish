complete --keep-order --exclusive --command insforge --arguments "(COMPLETE=fish insforge -- (commandline --current-process --tokenize --cut-at-cursor) (commandline --current-token))"
