import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { firstStart } from '#admin/first-start.ts'
import { testShell } from './test-shell.ts'

const begun = async () => {
  const shell = testShell()
  const { ports, clock, ids } = shell.admin
  await firstStart({ ports, clock, ids, given: { admin: null, test: null } })
  return shell
}

test('an export goes on where the one before ended, and both are proven as files, until a word of them is another', async () => {
  const shell = await begun()
  try {
    for (const name of ['one', 'two', 'three']) await shell.run(`keys create --name ${name}`)
    const first = await shell.run('trail export --limit 3')
    assert.equal(first.out.trim().split('\n').length, 3)
    const rest = await shell.run('trail export --after 3')
    assert.equal(rest.out.trim().split('\n').length, 1)
    assert.equal((await shell.run('trail export --after 4')).out, '')
    const file = (name: string, text: string): void => writeFileSync(join(shell.folder, name), text)
    file('whole.jsonl', first.out + rest.out)
    file('rest.jsonl', rest.out)
    file('gap.jsonl', `${first.out.split('\n')[0]}\n${rest.out}`)
    file('changed.jsonl', first.out.replace('two', 'too'))
    const verify = (name: string) => shell.run(`trail verify --file ${name}`)
    const whole = await verify('whole.jsonl')
    assert.deepEqual(
      [whole.code, /^proven: 4 rows, from the beginning, up to row 4/.test(whole.out)],
      [0, true],
      whole.talk,
    )
    assert.match((await verify('rest.jsonl')).out, /^proven: 1 rows, continuing row 3 \([0-9a-f]{64}\)/)
    const gap = await verify('gap.jsonl')
    assert.deepEqual([gap.code, /NOT PROVEN: 1 rows fit, then row 4: a row is missing/.test(gap.out)], [1, true])
    assert.match((await verify('changed.jsonl')).out, /row 3: it is not what was written/)
    assert.equal((await shell.run('audit-log verify --file whole.jsonl')).out, whole.out)
    assert.equal((await verify('nothing.jsonl')).code, 1)
    const syslog = await shell.run('trail export --format syslog')
    file('syslog', syslog.out)
    assert.equal((await verify('syslog')).code, 0)
    for (const [name, text, before, after] of [
      ['head', syslog.out, '<109>1 2', '<109>1 3'],
      ['actor', syslog.out, ' actor="local"', ' actor="nobody"'],
      ['time', first.out, /"time":"2/, '"time":"3'],
      ['member', first.out, '{"position"', '{"actor":"nobody","position"'],
    ] as const) {
      assert.notEqual(text.replace(before, after), text, name)
      file(name, text.replace(before, after))
      assert.match((await verify(name)).out, /row \d: the line is not written as its row is/, name)
    }
    file('cef', (await shell.run('trail export --format cef')).out)
    assert.match(readFileSync(join(shell.folder, 'cef'), 'utf8'), /^CEF:0\|Drover\|/)
    assert.match((await verify('cef')).out, /of cef none can/)
    assert.equal((await shell.run('trail export --format xml')).code, 2)
    assert.equal((await shell.run('trail export --after two')).code, 2)
  } finally {
    shell.close()
  }
})
