import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { testShell } from './test-shell.ts'

const code =
  'from openai import OpenAI\nOpenAI().chat.completions.create(model="gpt-4o", temperature=0.2, messages=[])\n'

/** Runs one command line in a folder that has a call in it. */
const run = async (line: string, files: Readonly<Record<string, string>> = { 'app/main.py': code }) => {
  const shell = testShell()
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(shell.folder, path, '..'), { recursive: true })
      writeFileSync(join(shell.folder, path), text)
    }
    const ran = await shell.run(line)
    const read = (name: string): string => readFileSync(join(shell.folder, name), 'utf8')
    const written = Object.fromEntries(
      ['m.json', 'b.json', 'r.html'].flatMap((name) => (line.includes(name) ? [[name, read(name)]] : [])),
    )
    return { ...ran, written }
  } finally {
    shell.close()
  }
}

describe('drover audit', () => {
  test('prints JSON, and ends well whatever it finds', async () => {
    const { code: exit, out, talk } = await run('audit app --format json --target kimi-k2')
    assert.equal(exit, 0)
    const report = JSON.parse(out)
    assert.equal(report.root, 'app')
    assert.equal(report.target.model, 'kimi-k2.6')
    const call = report.call_sites.find((site: { kind: string }) => site.kind === 'call')
    assert.deepEqual(
      [call.path, call.line, call.model, call.parameters],
      ['main.py', 2, 'gpt-4o', { temperature: 0.2 }],
    )
    assert.ok(call.effects.some((effect: { rule: string }) => effect.rule === 'parameter-fixed'))
    assert.match(talk, /Found 1 call, 1 client/)
  })

  test('--json is --format json, and one file may be audited', async () => {
    const report = JSON.parse((await run('audit app/main.py --json')).out)
    assert.deepEqual([...new Set(report.call_sites.map(({ path }: { path: string }) => path))], ['main.py'])
  })

  test('--fail-on fails from its level on', async () => {
    assert.equal((await run('audit --target kimi-k2 --fail-on error')).code, 1)
    assert.equal((await run('audit --fail-on error', { 'a.py': 'x = 1\n' })).code, 0)
    assert.equal((await run('audit --fail-on any', { 'a.py': 'from openai import OpenAI\nOpenAI()\n' })).code, 1)
  })

  test('report, manifest and baseline are written where they are asked for', async () => {
    const {
      code: exit,
      out,
      written,
    } = await run('audit --format html --output r.html --manifest m.json --write-baseline b.json')
    assert.deepEqual([exit, out], [0, ''])
    assert.match(written['r.html'] ?? '', /^<!doctype html>/)
    assert.equal(JSON.parse(written['m.json'] ?? '').call_sites.length, 1)
    assert.ok(JSON.parse(written['b.json'] ?? '').accepted.length >= 2)
  })

  test('--fix prints diffs, and only --apply changes files', async () => {
    const files = { 'a.py': 'from openai import OpenAI\nOpenAI(base_url="https://api.openai.com/v1")\n' }
    const { code: exit, out, talk } = await run('audit --fix --relay http://relay.test/v1', files)
    assert.equal(exit, 0)
    assert.match(out, /^--- a\/a\.py\n\+\+\+ b\/a\.py\n/)
    assert.match(talk, /\[BLOCKS\] a\.py:2 the relay answers instead[\s\S]*--apply changes them/)
    const shell = testShell()
    try {
      const file = join(shell.folder, 'a.py')
      writeFileSync(file, files['a.py'])
      const applied = await shell.run('audit --fix --apply --json')
      assert.deepEqual([applied.code, JSON.parse(applied.out).changes.length], [0, 1])
      assert.match(readFileSync(file, 'utf8'), /base_url="http:\/\/127\.0\.0\.1:4000\/v1"/)
      assert.match((await shell.run('audit --fix --apply')).talk, /0 files were changed/)
    } finally {
      shell.close()
    }
    assert.equal((await run('audit --apply', files)).code, 2)
    assert.equal((await run('audit --fix --relay relay.test', files)).code, 2)
  })

  test('--fix leaves a file in its encoding', async () => {
    const shell = testShell()
    try {
      const file = join(shell.folder, 'a.py')
      const text = '\uFEFFfrom openai import OpenAI\nOpenAI(base_url="https://api.openai.com/v1")\n'
      writeFileSync(file, text, 'utf16le')
      assert.match((await shell.run('audit --fix --apply')).talk, /1 files were changed/)
      assert.equal(readFileSync(file, 'utf16le'), text.replace('https://api.openai.com', 'http://127.0.0.1:4000'))
    } finally {
      shell.close()
    }
  })

  test('wrong usage says what to do', async () => {
    const form = await run('audit --format jsno')
    assert.equal(form.code, 2)
    assert.match(form.talk, /Did you mean 'json'\?/)
    assert.equal((await run('audit --fail-on never')).code, 2)
    const target = await run('audit --target kimi-k2.66')
    assert.equal(target.code, 2)
    assert.match(target.talk, /nearest are .*kimi-k2\.6.*\n.*next: .*--target/)
    assert.match((await run('audit nowhere')).talk, /nothing at nowhere/)
    assert.match((await run('audit --baseline none.json')).talk, /none\.json cannot be read/)
  })
})
