import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { test } from 'node:test'

import { problems } from '#base/problem.ts'

import { commandLines, faultOf } from './docs/command-lines.ts'
import { commandTree } from './docs/commands-page.ts'
import { configurationPage } from './docs/configuration-page.ts'
import { generatedPages } from './docs/pages.ts'

const root = dirname(import.meta.dirname)

for (const [path, text] of generatedPages()) {
  test(`${path} says what the code says (npm run docs)`, () => {
    assert.equal(readFileSync(join(root, path), 'utf8'), text)
  })
}

/** Held by interop/matrix.test.ts, which makes it from a run of every client. */
const madeByClients = 'clients.md'

test('docs/reference/ holds no page that the code does not make', () => {
  const kept = readdirSync(join(root, 'docs/reference')).sort()
  const made = [...generatedPages().keys()]
    .filter((path) => path.startsWith('docs/reference/'))
    .map((path) => basename(path))
  assert.deepEqual(kept, [...made, madeByClients].sort())
})

test('the page of errors has a section for each code and no other', () => {
  const page = readFileSync(join(root, 'docs/reference/errors.md'), 'utf8')
  const sections = [...page.matchAll(/^## (\w+)$/gm)].map((match) => match[1])
  assert.deepEqual(sections.sort(), Object.keys(problems).sort())
})

test('a key is listed with its path, kind, bounds, default and meaning', () => {
  const size = { type: 'string', kind: 'size', range: 'at most 1gb', default: '32mb', description: 'The largest.' }
  const target = {
    type: 'object',
    required: ['model'],
    properties: { model: { type: 'string', description: 'Its id.' } },
  }
  const page = configurationPage([
    {
      name: 'server',
      schema: { type: 'object', description: 'Listening.', properties: { limit: size } },
      unavailable: undefined,
    },
    {
      name: 'models',
      schema: {
        type: 'object',
        additionalProperties: { type: 'object', properties: { targets: { type: 'array', items: target } } },
      },
      unavailable: undefined,
    },
    { name: 'mail', schema: { type: 'object' }, unavailable: 'no mail | yet' },
  ])
  assert.match(page, /^\| `server\.limit` \| size, at most 1gb \| `32mb` \| The largest\. \|$/m)
  assert.match(page, /^\| `models\.NAME\.targets\[\]\.model` \| text \| must be given \| Its id\. \|$/m)
  assert.match(page, /^\| `mail` \| no mail \\\| yet \|$/m)
})

test('what a page tells people to type is a command that there is, with its flags and arguments', () => {
  const tree = commandTree()
  assert.deepEqual(
    ['drover accounts list --all', 'drover invoices due acme', 'drover keys rotate', 'drover keys rotate a b'].map(
      (line) => faultOf(line, tree),
    ),
    ['--all is no flag of it', '--account is missing', 'an argument is missing', 'an argument too many'],
  )
  const pages = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md'))
    .map((path) => join('docs', path))
  const lines = ['README.md', 'README.zh-CN.md', ...pages].flatMap((path) =>
    commandLines(readFileSync(join(root, path), 'utf8')).map((line) => ({ path, line, fault: faultOf(line, tree) })),
  )
  assert.ok(lines.length > 120, `${lines.length} lines were found`)
  assert.deepEqual(
    lines.filter(({ fault }) => fault !== null),
    [],
  )
})
