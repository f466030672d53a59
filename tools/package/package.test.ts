// The package as a person gets it: packed, laid out under node_modules, started through its launcher.
import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, describe, test } from 'node:test'

const root = dirname(dirname(import.meta.dirname))
const unpackedBytesMax = 14 * 1024 * 1024
const oldNode = `data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.20.2'}})`

/** How an old Node is started: that of the machine where it is one that the small commands support. */
function olderNode(): readonly [node: string, ...flags: string[]] {
  for (const node of ['/usr/bin/node', '/usr/local/bin/node']) {
    const { stdout } = spawnSync(node, ['--version'], { encoding: 'utf8' })
    if (/^v2[0-3]\./.test(stdout ?? '')) return [node]
  }
  return [process.execPath, '--import', oldNode]
}

type Packed = {
  readonly filename: string
  /** SHA-512 of the archive. */
  readonly integrity: string
  readonly unpackedSize: number
  readonly files: ReadonlyArray<{ path: string }>
}

describe('the published package', () => {
  let folder = ''
  let installed = ''
  let packed: Packed = { filename: '', integrity: '', unpackedSize: 0, files: [] }

  const pack = (): Packed | undefined => {
    const output = execFileSync('npm', ['pack', '--json', '--pack-destination', folder], {
      cwd: root,
      encoding: 'utf8',
    })
    return (JSON.parse(output) as Packed[])[0]
  }

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'drover-package-'))
    packed = pack() ?? packed
    installed = join(folder, 'node_modules', 'drover')
    mkdirSync(installed, { recursive: true })
    execFileSync('tar', ['-xzf', join(folder, packed.filename), '-C', installed, '--strip-components=1'])
    for (const name of readdirSync(join(root, 'node_modules'))) {
      if (!name.startsWith('.') && !name.startsWith('drover')) {
        symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name))
      }
    }
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  /** The guard, run as if by an old Node. */
  function runOld(guard: string, command: string): { readonly status: number | null; readonly stderr: string } {
    return spawnSync(process.execPath, ['--import', oldNode, guard, command], { encoding: 'utf8', timeout: 20_000 })
  }

  test('holds the launcher, the guard, the bundle and the catalog, and no source', () => {
    const paths = packed.files.map(({ path }) => path)
    for (const path of ['bin/drover', 'bin/find-node', 'bin/guard.mjs', 'dist/main.mjs', 'LICENSE', 'README.md']) {
      assert.ok(paths.includes(path), `${path} is missing`)
    }
    assert.ok(
      paths.some((path) => path.startsWith('catalog/')),
      'the catalog is missing',
    )
    assert.deepEqual(
      paths.filter(
        (path) => !/^(?:bin|dist|web\/dist|catalog|assets|deploy)\/|^[A-Za-z.-]+\.(?:md|json)$|^LICENSE$/.test(path),
      ),
      [],
    )
    assert.ok(packed.unpackedSize < unpackedBytesMax, `${packed.unpackedSize} bytes`)
  })

  test('bundled and packed once more, it is the same to the byte', () => {
    execFileSync(join(root, 'bin/drover-node'), [join(root, 'tools/package/build.ts')], { cwd: root, stdio: 'ignore' })
    assert.match(packed.integrity, /^sha512-/)
    assert.equal(pack()?.integrity, packed.integrity)
  })

  test('every worker that the bundle starts is in it', () => {
    const names = readdirSync(join(installed, 'dist'))
    const texts = names
      .filter((name) => name.endsWith('.mjs'))
      .map((name) => readFileSync(join(installed, 'dist', name), 'utf8'))
    const started = texts.flatMap((text) =>
      [...text.matchAll(/new URL\("\.\/([\w-]+\.m?[jt]s)"/g)].map((match) => match[1] ?? ''),
    )
    assert.ok(started.length > 0, 'no worker is started by its address')
    for (const name of started) assert.ok(names.includes(name), `${name} is missing`)
  })

  test('serves through its launcher and ends on SIGTERM', async () => {
    const server = spawn(join(installed, 'bin/drover'), ['serve', '--port', '0', '--data', join(folder, 'data')], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const closed = once(server, 'close')
    const lines = createInterface({ input: server.stdout })
    const [line] = await Promise.race([once(lines, 'line'), closed.then(() => [''])])
    const listening = JSON.parse(line || '{}') as { event?: string; url?: string }
    assert.equal(listening.event, 'listening')
    const health = await fetch(`${listening.url}/health/liveness`)
    assert.equal(health.status, 200)
    await health.arrayBuffer()
    server.kill('SIGTERM')
    assert.deepEqual(await closed, [0, null])
  })

  test('serves where nothing can be written but its data, by a user without any right, as in the image', async (context) => {
    const isRoot = process.getuid?.() === 0 && process.platform === 'linux'
    chmodSync(folder, 0o755)
    const data = join(folder, 'only-data')
    mkdirSync(data)
    const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--no-new-privs']
    // A checkout that only its owner can read is served by its owner, without the rights of root.
    const canRead =
      isRoot && spawnSync(nobody[0] ?? '', [...nobody.slice(1), 'test', '-r', join(root, 'node_modules')]).status === 0
    const who = canRead ? nobody : ['setpriv', '--bounding-set=-all', '--inh-caps=-all', '--no-new-privs']
    if (canRead) chownSync(data, 65_534, 65_534)
    context.diagnostic(canRead ? 'as nobody' : isRoot ? 'as root without capabilities' : 'as this user')
    const script = 'mount --bind "$1" "$1" && mount -o remount,bind,ro / && shift && exec "$@"'
    const wall = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', script, 'sh', data, ...who]
    const [program = '', ...first] = [...(isRoot ? wall : []), join(installed, 'bin/drover')]
    if (!isRoot) execFileSync('chmod', ['-R', 'a-w', installed])
    const server = spawn(program, [...first, 'serve', '--port', '0', '--data', data], {
      cwd: data,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const closed = once(server, 'close')
    const [line] = await Promise.race([
      once(createInterface({ input: server.stdout }), 'line'),
      closed.then(() => ['']),
    ])
    const { url, event } = JSON.parse(line || '{}') as { event?: string; url?: string }
    assert.equal(event, 'listening')
    const health = await fetch(`${url}/health/readiness`)
    assert.equal(health.status, 200, await health.text())
    assert.ok(readdirSync(data).length > 0)
    server.kill('SIGTERM')
    assert.deepEqual(await closed, [0, null])
    if (!isRoot) execFileSync('chmod', ['-R', 'u+w', installed])
  })

  test('an old Node is refused for serving, in one sentence', () => {
    for (const command of ['serve', '--port']) {
      const refused = runOld(join(installed, 'bin/guard.mjs'), command)
      assert.equal(refused.status, 1)
      assert.match(refused.stderr, /^drover: serving needs Node 24\.18\.1 or newer.*this is 20\.20\.2.*\n$/)
    }
    assert.doesNotMatch(runOld(join(installed, 'bin/guard.mjs'), '--version').stderr, /serving needs/)
  })

  test('an old Node in a checkout is told how to get the right one', () => {
    const refused = runOld(join(root, 'bin/guard.mjs'), 'serve')
    assert.equal(refused.status, 1)
    assert.match(refused.stderr, /^drover: Node 24\.18\.1 or newer is needed.*'npm ci'.*\n$/)
  })

  /** A command of the package on an old Node: the machine's own where it has one, else this one that says it is old. */
  function runSmall(...words: readonly string[]) {
    const [node, ...flags] = olderNode()
    return spawnSync(node, [...flags, join(installed, 'bin/guard.mjs'), ...words], {
      encoding: 'utf8',
      cwd: folder,
      timeout: 60_000,
    })
  }

  test('what needs no relay needs no new Node: the audit, the saving, the page for whoever approves', () => {
    const saving = ['--tokens-per-month', '10000000', '--from-price', '7.30', '--to-price', '1.00', '--json']
    const forecast = runSmall('roi', ...saving)
    assert.equal(forecast.status, 0, forecast.stderr)
    assert.equal((JSON.parse(forecast.stdout) as { readonly yearly_saving_usd: string }).yearly_saving_usd, '756.00')
    writeFileSync(join(folder, 'roi.json'), forecast.stdout)

    const code = join(folder, 'code')
    mkdirSync(code)
    const lines = ['from openai import OpenAI', 'OpenAI().chat.completions.create(model="gpt-4o", messages=[])', '']
    writeFileSync(join(code, 'app.py'), lines.join('\n'))
    const audit = runSmall('audit', 'code', '--target', 'kimi-k2', '--manifest', 'manifest.json', '--json')
    assert.equal(audit.status, 0, audit.stderr)
    const sites = (JSON.parse(audit.stdout) as { readonly call_sites: readonly { readonly kind: string }[] }).call_sites
    assert.deepEqual(sites.map(({ kind }) => kind).toSorted(), ['call', 'client'])

    const fit = runSmall('fit', 'manifest.json', '--roi', 'roi.json')
    assert.equal(fit.status, 0, fit.stderr)
    assert.match(fit.stdout, /63\.00 USD a month/)
  })

  test('nor do the probes: they ask, and say what stands in the way', () => {
    const list = runSmall('probe', '--list')
    assert.equal(list.status, 0, list.stderr)
    assert.match(list.stdout, /^tool-deltas /m)
    // Nobody listens on port 9.
    const away = runSmall('probe', '--base-url', 'http://127.0.0.1:9/v1', '--model', 'any', '--quick')
    assert.equal(away.status, 1)
    assert.match(away.stderr, /cannot be reached/)
  })
})
