// Runs the stages named on the command line, one after the other, and says how long each took: `tools/test.ts types unit`.
// Every stage runs even when an earlier one failed; the exit code is 1 when any did.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

type Stage = () => Promise<boolean>
type Result = { readonly name: string; readonly passed: boolean; readonly elapsedMs: number }

const root = resolve(import.meta.dirname, '..')
const shared = resolve(process.env['DROVER_SHARED'] ?? join(root, '..', 'shared'))
const stageTimeoutMs = 10 * 60_000
const testTimeoutMs = 120_000

/** Runs one command to its end in the checkout; true when it exited with 0. */
function run(command: string, parameters: readonly string[]): Promise<boolean> {
  return new Promise((settle) => {
    const environment = { ...process.env, DROVER_SHARED: shared, NODE_ENV: 'test' }
    const child = spawn(command, parameters, { cwd: root, stdio: 'inherit', env: environment, timeout: stageTimeoutMs })
    child.once('error', (error) => {
      console.error(`${command} did not start: ${error.message}`)
      settle(false)
    })
    child.once('close', (code, signal) => {
      if (signal !== null)
        console.error(`${command} ended by ${signal}: ${stageTimeoutMs / 60_000} minutes are allowed`)
      settle(code === 0)
    })
  })
}

/** Runs the test files of these patterns in one process. No file at all is a failure: a suite that ran nothing proved nothing. */
function runTests(...patterns: readonly string[]): Promise<boolean> {
  return runFiles(patterns, ['--test-isolation=none'])
}

/** The same, with a process for each file and two files at a time: for tests that mostly wait for processes of their own. */
function runApart(...patterns: readonly string[]): Promise<boolean> {
  return runFiles(patterns, ['--test-isolation=process', '--test-concurrency=2'])
}

function runFiles(patterns: readonly string[], how: readonly string[]): Promise<boolean> {
  const files = patterns
    .flatMap((pattern) => globSync(pattern, { cwd: root }))
    .filter((file) => !file.includes('node_modules'))
    .sort()
  if (files.length === 0) {
    console.error(`no test file matches ${patterns.join(' ')}`)
    return Promise.resolve(false)
  }
  return run(process.execPath, ['--test', ...how, `--test-timeout=${testTimeoutMs}`, ...files])
}

/** Runs the steps in order and stops at the first that fails. */
async function all(...steps: readonly Stage[]): Promise<boolean> {
  for (const step of steps) {
    if (!(await step())) return false
  }
  return true
}

/** Runs an installation unless the files it depends on are the same as when it last succeeded. */
async function onceFor(inputs: readonly string[], stamp: string, install: Stage): Promise<boolean> {
  const hash = createHash('sha256')
  for (const input of inputs) hash.update(readFileSync(join(root, input)))
  const digest = hash.digest('hex')
  const file = join(root, stamp)
  if (existsSync(file) && readFileSync(file, 'utf8') === digest) return true
  if (!(await install())) return false
  writeFileSync(file, digest)
  return true
}

/** Installs a folder that has a lockfile of its own. */
function installed(folder: string, verb: readonly string[] = ['ci']): Promise<boolean> {
  return onceFor([`${folder}/package-lock.json`], `${folder}/node_modules/.drover-stamp`, () =>
    run('npm', [...verb, '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']),
  )
}

function types(): Promise<boolean> {
  return run(process.execPath, ['node_modules/typescript/bin/tsc', '--noEmit', '-p', '.'])
}

/** Holds the checkout against the formatter and linter, or mends it where `mend` says so. Both come from tools/style. */
function style(mend: boolean): Promise<boolean> {
  const biome = 'tools/style/node_modules/@biomejs/biome/bin/biome'
  return all(
    () => installed('tools/style'),
    () => run(process.execPath, [biome, 'check', ...(mend ? ['--write'] : ['--max-diagnostics=100']), '.']),
  )
}

function recordings(): Promise<boolean> {
  if (existsSync(join(shared, 'recordings'))) return runTests('test/recordings/**/*.test.ts')
  console.error(`no recordings in ${shared}: set DROVER_SHARED to the folder that holds recordings/`)
  return Promise.resolve(false)
}

/**
 * Not `ci`: it wants every optional package in the lockfile, and those of other platforms are not all published. What is
 * installed is still held against the lockfile's hashes.
 */
const withoutOptional = ['install', '--no-save', '--omit=optional']

/** The prebuilt llama.cpp is installed for this platform only, and reads a model that lies beside the recordings. */
const hasModel = process.platform === 'linux' && process.arch === 'x64' && existsSync(join(shared, 'tools'))

/** Installs the SDKs of others, pinned in interop/, then drives a relay with them. */
function clients(): Promise<boolean> {
  const python = 'interop/.venv/bin/python'
  return all(
    () => installed('interop'),
    () =>
      onceFor(['interop/requirements.txt'], 'interop/.venv/drover-stamp', () =>
        all(
          () => run('python3', ['-m', 'venv', '--clear', 'interop/.venv']),
          () => run(python, ['-m', 'pip', 'install', '--quiet', '-r', 'interop/requirements.txt']),
        ),
      ),
    ...(hasModel ? [() => installed('interop/llama', withoutOptional)] : []),
    () => runTests('interop/*.test.ts', ...(hasModel ? ['interop/llama/*.test.ts'] : [])),
  )
}

const stages: Readonly<Record<string, Stage>> = {
  types,
  style: () => style(false),
  format: () => style(true),
  unit: () => runTests('src/**/*.test.ts', 'test/{audit,fake,probe,wire}/**/*.test.ts', 'tools/*.test.ts'),
  e2e: () => runApart('test/e2e/!(long-*).test.ts'),
  // What needs many processes or many seconds: not for every `npm test`.
  'e2e-long': () => runTests('test/e2e/long-*.test.ts'),
  package: () =>
    all(
      () => run(process.execPath, ['tools/build.ts']),
      () => runTests('tools/package/*.test.ts'),
    ),
  // On throw-away servers of its own: needs the programs of Postgres, which `npm test` does without.
  postgres: () => runTests('test/postgres/*.test.ts'),
  recordings,
  clients,
}

const results: Result[] = []
for (const name of process.argv.slice(2)) {
  const stage = stages[name]
  if (stage === undefined) {
    console.error(`no stage is called '${name}'; there are ${Object.keys(stages).join(', ')}`)
    process.exit(2)
  }
  console.log(`== ${name}`)
  const started = performance.now()
  const passed = await stage()
  results.push({ name, passed, elapsedMs: performance.now() - started })
}
for (const result of results) {
  console.log(`== ${result.name}: ${result.passed ? 'passed' : 'FAILED'} in ${(result.elapsedMs / 1000).toFixed(1)} s`)
}
process.exitCode = results.length > 0 && results.every((result) => result.passed) ? 0 : 1
