// What comes from others: exact versions, an integrity for each, no code that runs at install time, and a list of it all.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'

const root = dirname(import.meta.dirname)
/** Of what a server runs with; a package more is a decision that is seen here. */
const directMax = 25
const treeMax = 110
/** Of the checkout itself: nobody else makes them. */
const own: ReadonlySet<string> = new Set(['drover', 'runtime'])

type Locked = {
  readonly version?: string
  readonly integrity?: string
  readonly resolved?: string
  readonly link?: boolean
  readonly dev?: boolean
  readonly optional?: boolean
  readonly inBundle?: boolean
  readonly hasInstallScript?: boolean
}

const read = <T>(path: string): T => JSON.parse(readFileSync(join(root, path), 'utf8')) as T

const manifests = globSync('{,*/,*/*/,*/*/*/}package.json', {
  cwd: root,
  exclude: (path) => /(?:^|\/)(?:node_modules|dist|\.git|\.venv)(?:\/|$)/.test(path),
})
const locks = manifests
  .map((path) => path.replace(/package\.json$/, 'package-lock.json'))
  .filter((path) => {
    try {
      return read<object>(path) !== null
    } catch {
      return false
    }
  })

const packagesOf = (path: string): readonly (readonly [name: string, locked: Locked])[] =>
  Object.entries(read<{ packages: Record<string, Locked> }>(path).packages).filter(([name]) =>
    name.includes('node_modules/'),
  )

describe('what comes from others', () => {
  test('each version is exact, in every package of the checkout', () => {
    assert.ok(manifests.length > 3)
    for (const path of manifests) {
      const manifest = read<Record<string, Record<string, string> | undefined>>(path)
      for (const kind of ['dependencies', 'devDependencies', 'optionalDependencies'])
        for (const [name, version] of Object.entries(manifest[kind] ?? {}))
          assert.match(
            version,
            /^(?:\d+\.\d+\.\d+(?:-[\w.]+)?|file:.+|npm:.+@\d+\.\d+\.\d+(?:-[\w.]+)?)$/,
            `${path}: ${name} ${version}`,
          )
    }
  })

  test('each locked package has an integrity, names no registry, and none of a server runs code when it is installed', () => {
    assert.ok(locks.length > 3)
    for (const path of locks)
      for (const [name, locked] of packagesOf(path)) {
        if (locked.link === true || locked.inBundle === true) continue
        assert.match(locked.integrity ?? '', /^sha512-[\w+/=]{88}$/, `${path}: ${name}`)
        assert.equal(locked.resolved, undefined, `${path}: ${name}`)
      }
    const scripted = packagesOf('package-lock.json').filter(([, { hasInstallScript }]) => hasInstallScript === true)
    assert.deepEqual(
      scripted.map(([name]) => name),
      [],
    )
  })

  test('npm asks for all of it by itself: exact versions, an age, no scripts', () => {
    const settings = new Map(
      readFileSync(join(root, '.npmrc'), 'utf8')
        .split('\n')
        .filter((line) => /^[\w-]+=/.test(line))
        .map((line) => line.split('=') as [string, string]),
    )
    assert.equal(settings.get('save-exact'), 'true')
    assert.equal(settings.get('ignore-scripts'), 'true')
    assert.ok(Number(settings.get('min-release-age')) >= 7)
  })

  test('a server has few packages, and the bill of materials names each of them with its hash', () => {
    const { dependencies, scripts } = read<{ dependencies: object; scripts: Record<string, string> }>('package.json')
    const direct = Object.keys(dependencies)
    assert.ok(direct.length <= directMax, `${direct.length} direct packages`)
    const [command = '', ...words] = (scripts['sbom'] ?? '').split(' ')
    const { stdout, stderr, status } = spawnSync(command, words, {
      cwd: root,
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    })
    assert.equal(status, 0, stderr)
    const bill = JSON.parse(stdout) as {
      bomFormat: string
      components: readonly { name: string; version: string; purl: string; hashes?: readonly { alg: string }[] }[]
    }
    assert.equal(bill.bomFormat, 'CycloneDX')
    assert.ok(bill.components.length <= treeMax, `${bill.components.length} packages in all`)
    const listed = new Set(bill.components.map(({ name }) => name))
    for (const name of direct) assert.ok(listed.has(name) || listed.has(name.split('/').at(-1) ?? ''), name)
    for (const { name, hashes = [] } of bill.components)
      assert.ok(own.has(name) || hashes.some(({ alg }) => alg === 'SHA-512'), name)
  })
})
