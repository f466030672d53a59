// Makes the console: web/ -> web/dist. Says `fresh` where it is as new as its sources, else makes it and says `built`.
// What it is made with is installed in a temporary folder that goes again, so that a checkout stays small; where the packages are in
// web/node_modules already (who works on the console installed them), these are used.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, globSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { constants, setPriority, tmpdir } from 'node:os'
import { dirname, extname, join, resolve } from 'node:path'
import { brotliCompressSync, gzipSync, constants as zlib } from 'node:zlib'

const web = import.meta.dirname
const dist = join(web, 'dist')
const digestName = 'sources.sha256'
const installTimeoutMs = 10 * 60_000
const compressed = new Set(['.html', '.js', '.css', '.svg'])
const manifests = ['package.json', 'package-lock.json', '.npmrc']

/** The files that the console is made of, without what tests and explains it. */
function sources(): readonly string[] {
  const inFolders = globSync('{parts,pages,actions,style,public}/**/*', { cwd: web }).filter(
    (name) => extname(name) !== '',
  )
  return [...manifests, 'index.html', 'main.tsx', 'bundle.ts', ...inFolders].sort()
}

function digestOf(names: readonly string[]): string {
  const hash = createHash('sha256')
  for (const name of names)
    hash
      .update(`${name}\0`)
      .update(readFileSync(join(web, name)))
      .update('\0')
  return hash.digest('hex')
}

/** Whether web/node_modules is what the lockfile says, as the stage that installed it wrote down. */
function isInstalledHere(): boolean {
  const stamp = join(web, 'node_modules', '.drover-stamp')
  const lock = createHash('sha256')
    .update(readFileSync(join(web, 'package-lock.json')))
    .digest('hex')
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === lock
}

const stopping = new AbortController()
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stopping.abort())

/** Runs one command to its end; rejects with its last words. */
function run(command: string, parameters: readonly string[], cwd: string): Promise<void> {
  return new Promise((settle, reject) => {
    // npm is started by whichever Node is found first: this one, not one that is too old for the packages.
    const path = `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`
    const env = { ...process.env, PATH: path, NODE_ENV: 'production' }
    const how = { cwd, env, timeout: installTimeoutMs, signal: stopping.signal }
    const child = spawn(command, parameters, { ...how, stdio: ['ignore', 'pipe', 'pipe'] })
    let talk = ''
    const hear = (text: Buffer): void => {
      talk = `${talk}${text.toString()}`.slice(-4_000)
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    child.once('error', reject)
    child.once('close', (code) => {
      if (code === 0) return settle()
      const words = talk
        .trim()
        .split('\n')
        .filter((line) => !/complete log of this run|_logs/.test(line))
      reject(new Error(`${command} failed: ${words.slice(-3).join(' ').slice(0, 400)}`))
    })
  })
}

/** Bundles in `folder` and writes the compressed twins. */
async function bundle(folder: string, names: readonly string[]): Promise<string> {
  const made = join(folder, 'dist.next')
  await run(process.execPath, ['bundle.ts', made], folder)
  for (const name of globSync('**/*', { cwd: made }).filter((one) => compressed.has(extname(one)))) {
    const file = join(made, name)
    const bytes = readFileSync(file)
    writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }))
    writeFileSync(`${file}.br`, brotliCompressSync(bytes, { params: { [zlib.BROTLI_PARAM_QUALITY]: 11 } }))
  }
  writeFileSync(join(made, digestName), digestOf(names))
  return made
}

/** Puts what was made in the place of what there was. */
function put(made: string): void {
  const next = `${dist}.${process.pid}`
  cpSync(made, next, { recursive: true })
  rmSync(dist, { recursive: true, force: true })
  renameSync(next, dist)
  rmSync(made, { recursive: true, force: true })
}

async function make(names: readonly string[]): Promise<void> {
  if (isInstalledHere()) return put(await bundle(web, names))
  const folder = mkdtempSync(join(tmpdir(), 'drover-console-'))
  try {
    for (const name of names) cpSync(join(web, name), join(folder, name), { recursive: true })
    const install = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', '--include=dev']
    await run('npm', [...install, '--fetch-retries=1', '--fetch-timeout=60000'], folder)
    put(await bundle(folder, names))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

setPriority(constants.priority.PRIORITY_LOW)
const names = sources()
const known = resolve(dist, digestName)
if (existsSync(known) && readFileSync(known, 'utf8') === digestOf(names)) console.log('fresh')
else {
  try {
    await make(names)
    console.log('built')
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  }
}
