#!/usr/bin/env node
process.stderr.write("windtunnel: no command yet\n");
process.exitCode = 2;
