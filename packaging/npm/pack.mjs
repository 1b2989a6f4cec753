#!/usr/bin/env node
// Packs the main npm package and the package of one platform into $OUT/npm. The main package is the same on every platform.
// Their metadata comes from Cargo.toml.
//
//   TARGET=x86_64-unknown-linux-gnu PROGRAM=target/release/insforge OUT=target/packages packaging/npm/pack.mjs

import { execFileSync, execSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const MAIN = 'insforge-payments';
/** Each target, with the platform on which npm installs its package. */
const PLATFORMS = {
  'x86_64-unknown-linux-gnu': { os: 'linux', cpu: 'x64', libc: 'glibc' },
  'x86_64-unknown-linux-musl': { os: 'linux', cpu: 'x64', libc: 'musl' },
  'aarch64-unknown-linux-gnu': { os: 'linux', cpu: 'arm64', libc: 'glibc' },
  'aarch64-unknown-linux-musl': { os: 'linux', cpu: 'arm64', libc: 'musl' },
  'x86_64-apple-darwin': { os: 'darwin', cpu: 'x64' },
  'aarch64-apple-darwin': { os: 'darwin', cpu: 'arm64' },
  'x86_64-pc-windows-msvc': { os: 'win32', cpu: 'x64' },
};

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, '../..');
const { TARGET, PROGRAM, OUT } = process.env;
const platform = PLATFORMS[TARGET];
if (!platform || !PROGRAM || !OUT) {
  console.error(`TARGET, PROGRAM and OUT must be set. TARGET is one of: ${Object.keys(PLATFORMS).join(', ')}`);
  process.exit(64);
}
const metadata = execFileSync('cargo', ['metadata', '--no-deps', '--format-version=1'], { cwd: root });
const cargo = JSON.parse(metadata).packages.find(({ name }) => name === 'insforge');

const packages = resolve(OUT, 'npm');
mkdirSync(packages, { recursive: true });

const platformPackage = ({ os, cpu, libc }) => `${MAIN}-${os}-${cpu}${libc === 'musl' ? '-musl' : ''}`;

/** Packs a package of these files and the license. */
function pack(name, fields, files) {
  const manifest = {
    name,
    version: cargo.version,
    license: cargo.license,
    repository: { type: 'git', url: `git+${cargo.repository}.git` },
    homepage: `${cargo.repository}#readme`,
    bugs: `${cargo.repository}/issues`,
    ...fields,
  };
  const all = {
    ...files,
    'package.json': JSON.stringify(manifest, null, 2) + '\n',
    LICENSE: readFileSync(join(root, 'LICENSE')),
  };
  const folder = mkdtempSync(join(tmpdir(), 'insforge-npm-'));
  mkdirSync(join(folder, 'bin'));
  for (const [path, content] of Object.entries(all)) {
    writeFileSync(join(folder, path), content);
    chmodSync(join(folder, path), path.startsWith('bin/') ? 0o755 : 0o644);
  }
  // A shell, because npm is a script on Windows. A variable needs no quotes.
  const env = { ...process.env, npm_config_pack_destination: packages };
  execSync('npm pack --silent', { cwd: folder, env, stdio: 'inherit' });
  rmSync(folder, { recursive: true });
}

const { os, cpu, libc } = platform;
pack(
  platformPackage(platform),
  {
    description: `The program of ${MAIN} for ${TARGET}`,
    os: [os],
    cpu: [cpu],
    ...(libc && { libc: [libc] }),
    // Yarn keeps packages in archives otherwise, from which no program can run.
    preferUnplugged: true,
  },
  {
    [`bin/insforge${os === 'win32' ? '.exe' : ''}`]: readFileSync(PROGRAM),
    'README.md':
      `# ${platformPackage(platform)}\n\nThe \`insforge\` program for ${TARGET}. Do not install this package by itself: ` +
      `[${MAIN}](https://www.npmjs.com/package/${MAIN}) installs the one that fits the machine.\n`,
  },
);

const optionalDependencies = Object.values(PLATFORMS).map((platform) => [platformPackage(platform), cargo.version]);
pack(
  MAIN,
  {
    description: cargo.description,
    keywords: cargo.keywords,
    bin: { insforge: 'bin/insforge.js' },
    engines: { node: '>=18' },
    optionalDependencies: Object.fromEntries(optionalDependencies),
  },
  { 'bin/insforge.js': readFileSync(join(here, 'bin/insforge.js')), 'README.md': readFileSync(join(here, 'README.md')) },
);
