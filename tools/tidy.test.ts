// The house as a test: every file of the checkout is held against ARCHITECTURE.md and the rules, and the rules against planted violations.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { describe, test } from 'node:test'

import { checkDocstrings } from './tidy/docstrings.ts'
import type { Violation } from './tidy/finding.ts'
import type { Surroundings } from './tidy/rules.ts'
import { checkFile } from './tidy/rules.ts'
import type { SourceFile } from './tidy/source.ts'
import { importsOf, mask } from './tidy/source.ts'
import type { Walls } from './tidy/walls.ts'
import { checkCycles, checkWalls, readWalls } from './tidy/walls.ts'

const root = dirname(import.meta.dirname)
const text = /\.(?:ts|tsx|mjs|js|json|md|sh|py|yaml|yml|toml|txt|html|css|svg)$|\/[\w-]+$|^\.?[\w-]+$/

/** Every violation of a tree. */
function checkTree(files: readonly SourceFile[], walls: Walls, surroundings: Surroundings): Violation[] {
  const modulesOf = (fits: (path: string) => boolean) =>
    files.filter(({ path }) => fits(path)).map((file) => ({ ...file, imports: importsOf(mask(file.text)) }))
  const modules = modulesOf((path) => path.startsWith('src/') && path.endsWith('.ts'))
  const console = modulesOf((path) => /^web\/(?!test\/).*\.tsx?$/.test(path))
  return [
    ...checkWalls(modules, walls),
    ...checkCycles(modules),
    ...checkCycles(console),
    ...checkDocstrings(modules),
    ...files.flatMap((file) => checkFile(file, surroundings)),
  ]
}

/** The files that git holds or would hold after the next `git add`; where git cannot tell, those that are not installed or built. */
function readTree(): SourceFile[] {
  const all = existsSync(join(root, '.git')) ? (gitFiles() ?? walkedFiles()) : walkedFiles()
  return all
    .filter((path) => text.test(path) && existsSync(join(root, path)))
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))
}

function gitFiles(): string[] | null {
  // The checkout may belong to another user than the one who tests it.
  const parameters = ['-c', 'safe.directory=*', 'ls-files', '-z', '--cached', '--others', '--exclude-standard']
  const git = spawnSync('git', parameters, { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })
  return git.status === 0 ? git.stdout.split('\0') : null
}

function walkedFiles(): string[] {
  const left = new Set(['.git', '.venv', '__pycache__', 'dist', 'drover-data', 'node_modules'])
  const exclude = (path: string): boolean => left.has(basename(path))
  return globSync('**/{*,.*}', { cwd: root, exclude }).filter((path) => statSync(join(root, path)).isFile())
}

test('without git the same rooms are found', () => {
  const walked = new Set(walkedFiles())
  const missing = (gitFiles() ?? []).filter(
    (path) => path.startsWith('src/') && existsSync(join(root, path)) && !walked.has(path),
  )
  assert.deepEqual(missing, [])
  assert.ok(walked.has('package.json') && walked.has('.npmrc') && walked.has('tools/runtime/package.json'))
})

function readSurroundings(): Surroundings {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { dependencies: object }
  const shared = process.env['DROVER_SHARED']
  const folders = [root, dirname(root), homedir(), ...(shared === undefined ? [] : [dirname(shared)])]
  return {
    dependencies: new Set(Object.keys(manifest.dependencies)),
    machineFolders: folders.filter((folder) => !['/', '/tmp', '/root', '/home', '/srv', '/opt'].includes(folder)),
  }
}

const walls = readWalls(readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8'))

test('the house is tidy', () => {
  const files = readTree()
  assert.ok(
    files.some(({ path }) => path.startsWith('src/')),
    'the tree that was read has no src/',
  )
  const found = checkTree(files, walls, readSurroundings())
  const lines = found.map(({ path, line, rule, message }) => `${path}:${line} ${rule}: ${message}`)
  assert.deepEqual(lines, [])
})

test('the page of architecture stays one page', () => {
  const lines = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8').split('\n')
  assert.ok(lines.length <= 130, `${lines.length} lines`)
})

test('a wall that names a room without a row is refused', () => {
  const rows = '| folder | may import |\n|---|---|\n| http | bass |\n\n| package | may be imported by |\n|---|---|\n'
  assert.throws(() => readWalls(rows), /no such room: bass/)
  assert.throws(() => readWalls('# nothing'), /has no table/)
})

const surroundings: Surroundings = { dependencies: new Set(['yaml', 'kysely', 'zod']), machineFolders: ['/mnt/build'] }

/** The rules that a tree of these files breaks, in order, each once. */
function broken(files: Readonly<Record<string, string>>): string[] {
  const tree = Object.entries(files).map(([path, content]) => ({ path, text: content }))
  return [...new Set(checkTree(tree, walls, surroundings).map(({ rule }) => rule))].sort()
}

const assertion = 'assert.equal(1 + 1, two)\n'

describe('a planted violation is found', () => {
  const planted: ReadonlyArray<readonly [name: string, rules: readonly string[], files: Record<string, string>]> = [
    ['a forbidden room', ['wall'], { 'src/base/a.ts': "import { b } from '#http/b.ts'\n" }],
    ['a forbidden type', ['wall'], { 'src/ledger/a.ts': "import type { B } from '#http/b.ts'\n" }],
    ['a forbidden dynamic import', ['wall'], { 'src/ledger/a.ts': "const b = await import('#relay/b.ts')\n" }],
    [
      'a forbidden import over lines',
      ['wall'],
      { 'src/http/a.ts': "import {\n  type B,\n  c,\n} from '#relay/b.ts'\n" },
    ],
    ['the store behind a port', ['wall'], { 'src/relay/a.ts': "import { b } from '#store/b.ts'\n" }],
    [
      'a store that reads more than a port',
      ['wall'],
      { 'src/store/a.ts': "import type { B } from '#relay/draft.ts'\n" },
    ],
    ['a config that reads more than settings', ['wall'], { 'src/config/a.ts': "import { b } from '#relay/port.ts'\n" }],
    [
      'a test that goes around a wall',
      ['wall'],
      { 'src/base/a.test.ts': `import { b } from '#http/b.ts'\ntest('x', () => ${assertion})` },
    ],
    ['a way up', ['wall'], { 'src/relay/a.ts': "import { b } from '../http/b.ts'\n" }],
    ['a module without ending', ['wall'], { 'src/main.ts': "import { b } from '#http/b'\n" }],
    ['SQL outside of the store', ['wall'], { 'src/ledger/a.ts': "import { Kysely } from 'kysely'\n" }],
    ['zod on the relay path', ['wall'], { 'src/relay/a.ts': "import { z } from 'zod'\n" }],
    ['an unknown room', ['room'], { 'src/gateway/a.ts': 'export const a = 1\n' }],
    ['a file beside main.ts', ['room'], { 'src/start.ts': 'export const a = 1\n' }],
    [
      'a circle',
      ['cycle'],
      { 'src/http/a.ts': "import './b.ts'\n", 'src/http/b.ts': "import type { A } from '#http/a.ts'\n" },
    ],
    [
      'a circle of types in the console',
      ['cycle'],
      {
        'web/pages/keys/keys.tsx': "import { End } from './end-key.tsx'\n",
        'web/pages/keys/end-key.tsx': "import type { Key } from '#pages/keys/keys.tsx'\n",
      },
    ],
    ['a barrel', ['barrel'], { 'src/protocol/index.ts': "export { a } from './a.ts'\n" }],
    ['a star', ['barrel', 'export'], { 'src/protocol/index.ts': "export * from './a.ts'\n" }],
    ['a list too deep', ['name'], { 'src/protocol/a/b/index.ts': 'export const a = 1\n' }],
    ['a long file', ['size'], { 'src/http/a.ts': 'call()\n'.repeat(501) }],
    ['a long test', ['size'], { 'test/wire/a.test.ts': `test('x', () => ${assertion})\n${'call()\n'.repeat(500)}` }],
    ['a long main.ts', ['size'], { 'src/main.ts': 'call()\n'.repeat(151) }],
    ['a file in camels', ['name'], { 'src/http/bodyReader.ts': 'export const a = 1\n' }],
    ['a banned name', ['name'], { 'src/http/utils.ts': 'export const a = 1\n' }],
    ['a banned last word', ['name'], { 'src/http/body-helpers.ts': 'export const a = 1\n' }],
    ['a banned folder', ['name'], { 'src/http/common/a.ts': 'export const a = 1\n' }],
    ['the clock', ['clock'], { 'src/http/a.ts': 'const a = () => Date.now()\n' }],
    ['the clock as a date', ['clock'], { 'src/http/a.ts': 'const a = () => new Date( )\n' }],
    ['the other clock', ['clock'], { 'src/http/a.ts': 'const a = () => performance.now()\n' }],
    ['chance', ['chance'], { 'src/http/a.ts': 'const a = () => Math.random()\n' }],
    ['an id', ['chance'], { 'src/http/a.ts': "import { randomUUID } from 'node:crypto'\n" }],
    ['the environment', ['environment'], { 'src/http/a.ts': "const a = () => process.env['A']\n" }],
    ['state', ['state'], { 'src/http/a.ts': 'let count = 0\n' }],
    ['a default export', ['export'], { 'src/http/a.ts': 'export default 1\n' }],
    ['an empty catch', ['catch'], { 'src/http/a.ts': 'try {\n  call()\n} catch {\n  // It does not matter.\n}\n' }],
    ['an empty catch with a name', ['catch'], { 'src/http/a.ts': 'try {\n  call()\n} catch (error) {}\n' }],
    ['an empty handler', ['catch'], { 'src/http/a.ts': 'call().catch(() => {})\n' }],
    ['a short name', ['abbreviation'], { 'src/http/a.ts': 'const a = (req: Request) => call(req)\n' }],
    ['a short second name', ['abbreviation'], { 'src/http/a.ts': 'function a(b: string, opts: Options): void {}\n' }],
    ['a short local', ['abbreviation'], { 'src/http/a.ts': 'for (const msg of messages) call(msg.text)\n' }],
    ['a package that is not shipped', ['dependency'], { 'src/http/a.ts': "import { x } from 'lodash/fp'\n" }],
    [
      'a file found from a module',
      ['module address'],
      { 'src/http/a.ts': "const a = new URL('../../b', import.meta.url)\n" },
    ],
    ['a folder found from a module', ['module address'], { 'src/http/a.ts': 'const a = import.meta.dirname\n' }],
    [
      'an offer without a word',
      ['docstring'],
      { 'src/base/a.ts': 'export function a(): void {}\n', 'src/http/b.ts': "import { a } from '#base/a.ts'\n" },
    ],
    [
      'an arrow without a word',
      ['docstring'],
      {
        'src/base/a.ts': 'export const a = (): void => call()\n',
        'src/http/b.ts': "import { type A, a as b } from '#base/a.ts'\n",
      },
    ],
    ['a check switched off', ['switch'], { 'src/http/a.ts': `// @ts-${'ignore'}\ncall()\n` }],
    ['a marker', ['left behind'], { 'docs/a.md': `Some day. TO${'DO'}: write\n` }],
    ['a registry', ['registry'], { '.npmrc': `x=https://registry.${'example'}.org/\n` }],
    ['an address in a lockfile', ['registry'], { 'package-lock.json': '{"resolved": "https://a.example/b.tgz"}' }],
    ['a folder of the machine', ['machine'], { 'docs/a.md': 'cd /mnt/build && ls\n' }],
    [
      'a test alone',
      ['switched off'],
      { 'test/e2e/a.test.ts': `test.${'only'}('x', () => ${assertion})\ntest('y', () => ${assertion})` },
    ],
    ['a test left out', ['switched off'], { 'test/e2e/a.test.ts': `test('x', { skip: true }, () => ${assertion})` }],
    [
      'a sleep',
      ['sleep'],
      { 'test/e2e/a.test.ts': `test('x', async () => { await new Promise((r) => setTimeout(r, 9)); ${assertion} })` },
    ],
    ['a test without assertion', ['no assertion'], { 'src/http/a.test.ts': "test('x', () => {\n  call()\n})\n" }],
    [
      'a test that asserts only in words',
      ['no assertion'],
      { 'src/http/a.test.ts': "test('assert', () => call('assert'))\n" },
    ],
    ['a file without test', ['no assertion'], { 'src/http/a.test.ts': 'export const a = 1\n' }],
    ['an assertion that cannot fail', ['vacuous'], { 'src/http/a.test.ts': "test('x', () => assert.ok(true))\n" }],
  ]
  for (const [name, rules, files] of planted) {
    test(name, () => assert.deepEqual(broken(files), rules))
  }
})

test('what only looks like a violation is left alone', () => {
  const rules = broken({
    'src/base/clock.ts': 'const a = () => Date.now()\n',
    'src/http/body.ts': `import { a } from '#base/a.ts'\nimport { b } from './b.ts'\n// Never '../', Date.now() or catch {}.\nconst c = 'import x from "../y.ts"'\nconst d = /'..\\/[/']/ // Math.random()\nconst e = \`Date.now() \${b(\`\${a}\`)} process.env\`\nconst at = new Date(0)\n`,
    'src/relay/settings.ts': "import { z } from 'zod'\n",
    'src/config/load.ts': "import { relaySettings } from '#relay/settings.ts'\nconst a = process.env\n",
    'src/store/memory/book.ts': "import type { Book } from '#ledger/port.ts'\nimport { z } from 'kysely'\n",
    'src/relay/relay.test.ts': `import { open } from '#store/memory/open.ts'\nconst holds = (a: number) =>\n  assert.equal(a, 1)\ntest('x', () => holds(1))\n`,
    'src/ledger/post.ts':
      "import { insert } from './insert.ts'\n/** Posts an entry. */\nexport function post(): void {}\n",
    'src/ledger/insert.ts': 'export function insert(): void {}\n',
    'src/payment/pay.ts': "import { post } from '#ledger/post.ts'\n",
    'src/protocol/wire.ts': "const fault = { detail: [{ loc: ['a'], msg: 'b' }] }\nread(4, { a: 1, msg: fault })\n",
    'src/relay/port.ts': "export type { A } from './a.ts'\n",
    'src/main.ts':
      "import { a } from '#store/a.ts'\nconst b = new URL('../catalog/', import.meta.url)\nconst c = Date.now()\n",
    'docs/hacking.md': 'The shared work/ folder, the todo list of registry entries.\n',
  })
  assert.deepEqual(rules, [])
})
