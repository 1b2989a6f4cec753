#!/usr/bin/env node
// Starts the program, which is in the package of this platform. Every run passes through this file, so it loads only what
// the run needs.
'use strict';

const fs = require('fs');

const { arch, platform } = process;

/** The package with this platform's program. On Linux it is the one for glibc. */
const platformPackage = `insforge-payments-${platform}-${arch}`;

/** The loader of dynamically linked programs, of glibc and of musl. */
const loaders = {
  x64: ['/lib64/ld-linux-x86-64.so.2', '/lib/ld-musl-x86_64.so.1'],
  arm64: ['/lib/ld-linux-aarch64.so.1', '/lib/ld-musl-aarch64.so.1'],
};

/** The packages whose program can run here, the best first. Some package managers install those of both C libraries. */
function usablePackages() {
  if (platform !== 'linux' || !loaders[arch]) {
    return [platformPackage];
  }
  // The musl program is static and runs everywhere. A musl system can have a loader that imitates glibc's.
  const [glibc, musl] = loaders[arch].map(fs.existsSync);
  const packages = [`${platformPackage}-musl`];
  if (glibc) {
    packages[musl ? 'push' : 'unshift'](platformPackage);
  }
  return packages;
}

function findProgram() {
  for (const name of usablePackages()) {
    try {
      return require.resolve(`${name}/bin/insforge${platform === 'win32' ? '.exe' : ''}`);
    } catch {
      // It is not installed.
    }
  }
}

/** Prints an error in the format of the program. */
function fail(what, why, hint) {
  fs.writeSync(2, `error: ${what}\n  ${why}\n  hint: ${hint}\n`);
  process.exitCode = 1;
}

function failWithoutProgram() {
  const { homepage, optionalDependencies } = require('../package.json');
  if (platformPackage in optionalDependencies) {
    fail(
      `The program for ${platform}-${arch} is not installed`,
      `the optional package ${usablePackages().join(' or ')} is missing; npm leaves it out with --omit=optional, or if ` +
        'package-lock.json or node_modules is from another platform',
      'run `npm install --include=optional`; if that does not help, delete package-lock.json and node_modules first',
    );
  } else {
    fail(
      `There is no npm package for ${platform}-${arch}`,
      `the packages are ${Object.keys(optionalDependencies).join(', ')}`,
      `install the program in another way: ${homepage}`,
    );
  }
}

/**
 * The files that the program inherits. Node closes all other files below 16 when it starts a program. So the files that an
 * argument names, such as those of zsh's `<(command)`, are passed on.
 */
function inheritedFiles(args) {
  const files = ['inherit', 'inherit', 'inherit'];
  for (const arg of args) {
    const number = Number(/\/fd\/(\d+)$/.exec(arg)?.[1]);
    if (number > 2 && number < 16) {
      files[number] = number;
    }
  }
  return Array.from(files, (file) => file ?? 'ignore');
}

/** Whether the program got this signal, too. A terminal sends Ctrl-C and Ctrl-\ to every process in the foreground. */
function isFromTerminal(signal) {
  if (signal !== 'SIGINT' && signal !== 'SIGQUIT') {
    return false;
  }
  if (platform === 'win32') {
    return true;
  }
  try {
    if (platform === 'linux') {
      const fields = fs.readFileSync('/proc/self/stat', 'utf8').split(') ').pop().split(' ');
      // The process's own group, and the one in the foreground of its terminal.
      return fields[2] === fields[5];
    }
    fs.closeSync(fs.openSync('/dev/tty'));
    return true;
  } catch {
    return false;
  }
}

/** Starts the program as a child process, forwards signals to it, and ends with its exit code or signal. */
function spawn(program, args, stdio) {
  const signals = ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'];
  const forward = (signal) => isFromTerminal(signal) || child.kill(signal);
  // A signal that comes before the child exists is handled after this function.
  signals.forEach((signal) => process.on(signal, forward));
  const child = require('child_process').spawn(program, args, { stdio });
  child.on('error', (error) => {
    fail(`Cannot run ${program}`, error.message, 'install the package again');
  });
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + require('os').constants.signals[signal];
    if (signal) {
      signals.forEach((signal) => process.off(signal, forward));
      process.kill(process.pid, signal);
    }
  });
}

function main() {
  const program = findProgram();
  if (!program) {
    return failWithoutProgram();
  }
  const args = process.argv.slice(2);
  const stdio = inheritedFiles(args);
  // Newer versions of node can replace themselves with the program. Some of them pass the environment only if it is named.
  if (process.execve && platform !== 'win32' && stdio.length === 3) {
    process.execve(program, [program, ...args], process.env);
  }
  spawn(program, args, stdio);
}

main();
