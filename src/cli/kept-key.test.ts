import assert from 'node:assert/strict'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { firstStart } from '#admin/first-start.ts'
import { Problem } from '#base/problem.ts'
import type { CommandLinePorts } from './ports.ts'
import { testShell } from './test-shell.ts'

const begun = async () => {
  const shell = testShell()
  const { ports, clock, ids } = shell.admin
  await firstStart({ ports, clock, ids, given: { admin: null, test: null } })
  return shell
}

type Faults = { readonly before?: Problem; readonly writing?: Problem }

const secretsInto = (kept: Map<string, string>, faults: Faults = {}): CommandLinePorts['secrets'] => ({
  open: () => undefined,
  keepOnly: () => undefined,
  read: () => assert.fail('nothing is read'),
  tryWrite: async () => {
    if (faults.before !== undefined) throw faults.before
  },
  write: async (reference, value) => {
    if (faults.writing !== undefined) throw faults.writing
    kept.set(reference.text, value)
  },
  refresh: async () => false,
  isUsed: () => false,
  warnings: () => [],
  close: async () => undefined,
})

test('a new key goes into a file for its owner only, and is not shown', async () => {
  const shell = await begun()
  try {
    const made = await shell.run('keys create --name ci --to file:key.txt --json')
    assert.equal(made.code, 0, made.talk)
    const file = join(shell.folder, 'key.txt')
    const key = readFileSync(file, 'utf8').trim()
    assert.match(key, /^hs-live-/)
    assert.equal(statSync(file).mode & 0o777, 0o600)
    assert.ok(!made.out.includes(key) && !made.talk.includes(key))
    assert.equal(JSON.parse(made.out).kept_at, 'file:key.txt')
    const again = await shell.run('keys create --name two --to file:key.txt')
    assert.equal(again.code, 1)
    assert.match(again.talk, /already[\s\S]*No key has been made/)
    assert.equal(readFileSync(file, 'utf8').trim(), key)
    const { out } = await shell.run('keys list --json')
    const rows = JSON.parse(out).data as { name: string; state: string }[]
    const states = rows.filter(({ name }) => ['ci', 'two'].includes(name)).map(({ name, state }) => [name, state])
    assert.deepEqual(states, [['ci', 'active']])
  } finally {
    shell.close()
  }
})

test('a new key goes into a secret manager; where that refuses, the key is ended and its reason told', async () => {
  const shell = await begun()
  try {
    const kept = new Map<string, string>()
    const made = await shell.run('keys create --name ci --to vault:app#key', { secrets: secretsInto(kept) })
    assert.deepEqual([made.code, made.out.includes('vault:app#key')], [0, true], made.talk)
    const key = kept.get('vault:app#key') ?? ''
    assert.match(key, /^hs-live-/)
    assert.ok(!made.out.includes(key))
    const sealed = new Problem('upstream_error', { message: 'Vault answered 503: sealed' })
    const away = secretsInto(kept, { writing: sealed })
    const failed = await shell.run('keys create --name two --to vault:app#key', { secrets: away })
    assert.deepEqual([failed.code, failed.out], [1, ''])
    assert.match(failed.talk, /could not be written to vault:app#key[\s\S]*503: sealed[\s\S]*has been ended/)
    const rotate = 'keys rotate ci --to vault:app#key'
    const refused = await shell.run(rotate, { secrets: secretsInto(kept, { before: sealed }) })
    assert.equal(refused.code, 1)
    assert.match(refused.talk, /503: sealed[\s\S]*none has been ended/)
    const there = await shell.run('keys rotate ci --to file:drover.yaml-of-nobody/key')
    assert.match(there.talk, /ENOENT[\s\S]*none has been ended/)
    const { data } = JSON.parse((await shell.run('keys list --json')).out) as {
      data: { name: string; state: string }[]
    }
    assert.deepEqual(
      data.filter(({ name }) => name === 'ci').map(({ state }) => state),
      ['active'],
    )
    const late = await shell.run(rotate, { secrets: away })
    assert.equal(late.code, 1)
    assert.match(late.talk, /has been ended[\s\S]*The old key key_\w+ works until 20\d\d-[\s\S]*rotate key_\w+' anew/)
  } finally {
    shell.close()
  }
})

test('a place that a command cannot write to is refused before any key is made', async () => {
  const shell = await begun()
  try {
    for (const to of ['env:KEY', 'somewhere', 'file:'])
      assert.equal((await shell.run(`keys create --name ci --to ${to}`)).code, 2, to)
    const { out } = await shell.run('keys list --json')
    assert.ok((JSON.parse(out).data as { name: string }[]).every(({ name }) => name !== 'ci'))
  } finally {
    shell.close()
  }
})
