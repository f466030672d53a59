import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { audit } from '#audit/audit.ts'
import { baselineOf, readBaseline } from '#audit/baseline.ts'
import { memorySource } from '#audit/walk/file-source.ts'
import { writers } from '#audit/writer/index.ts'

const run = (files: Readonly<Record<string, string>>, baseline: ReadonlySet<string> = new Set()) =>
  audit({ source: memorySource(files), catalog: null, target: null, atMs: 0, baseline, progress: () => undefined })

/** `rule@line` of everything found in one file that calls OpenAI. */
const found = (name: string, text: string): readonly string[] =>
  run({ [name]: text }).couplings.map(({ rule, line }) => `${rule}@${line}`)

describe('what code takes for granted', () => {
  test('of answers, in Python', () => {
    const code = `import openai
def ask(client, q):
    r = client.chat.completions.create(model="gpt-4o", messages=q)
    return r.choices[0].message.content
def safe(client, q):
    r = client.chat.completions.create(model="gpt-4o", messages=q)
    if not r.choices:
        return None
    return r.choices[0].message.content
def stream(client, q):
    for chunk in client.chat.completions.create(model="gpt-4o", messages=q, stream=True):
        if chunk.usage:
            print(chunk.usage)
        if chunk.choices and chunk.choices[0].finish_reason == "stop":
            pass
    # choices[0] and [DONE] in a comment
def raw(lines, call):
    for line in lines:
        if line == "data: [DONE]":
            break
    assert call.id.startswith("call_")
    return call.reasoning_content
`
    assert.deepEqual(found('app.py', code), [
      'choices-unguarded@4',
      'stream-usage@12',
      'stream-usage@13',
      'finish-reason@14',
      'done-marker@19',
      'tool-id-form@21',
      'reasoning-field@22',
    ])
  })

  test('of answers, in the ways of other languages', () => {
    assert.deepEqual(
      found(
        'a.ts',
        `import OpenAI from 'openai'\nconst r = await new OpenAI().chat.completions.create({ model: 'gpt-4o', messages })\nexport const text = r.choices[0].message.content\nexport const safe = r.choices[0]?.message.content\n`,
      ),
      ['choices-unguarded@3'],
    )
    assert.deepEqual(
      found(
        'a.go',
        `package a\nimport "github.com/sashabaranov/go-openai"\nfunc f(r openai.ChatCompletionResponse) string {\n\treturn r.Choices[0].Message.Content\n}\nfunc g(r openai.ChatCompletionResponse) string {\n\tif len(r.Choices) == 0 {\n\t\treturn ""\n\t}\n\treturn r.Choices[0].Message.Content\n}\n`,
      ),
      ['choices-unguarded@4'],
    )
    assert.deepEqual(
      found(
        'a.php',
        `<?php\n// openai\n$text = $data['choices'][0]['message']['content'];\n$safe = empty($data['choices']) ? '' : $data['choices'][0]['text'];\n`,
      ),
      ['choices-unguarded@3'],
    )
    assert.deepEqual(
      found(
        'A.java',
        `class A { String f(com.openai.models.ChatCompletion c) { return c.choices().get(0).message().content().get(); } }\n`,
      ),
      [],
    )
  })

  test('of tokens, prices and errors', () => {
    const code = `import openai
import tiktoken
from tenacity import retry
MAX_CONTEXT = 128_000
PRICES = {"gpt-4o": 2.50}
@retry(stop=3)
def ask(q):
    try:
        return openai.chat.completions.create(model="gpt-4o", messages=trim_messages(q))
    except openai.BadRequestError as e:
        if e.code == "context_length_exceeded" or "rate limit" in str(e).lower():
            raise
`
    assert.deepEqual(found('app.py', code), [
      'tokenizer@2',
      'double-retry@3',
      'context-constant@4',
      'price-table@5',
      'double-retry@6',
      'truncation@9',
      'error-text@11',
    ])
  })

  test('recordings are told in tests only, and nothing else is there', () => {
    const code = `import nock from 'nock'\nimport OpenAI from 'openai'\nnock('https://api.openai.com').post('/v1/chat/completions').reply(200, {})\nexpect(r.choices[0]).toBe(1)\n`
    assert.deepEqual(found('test/a.test.ts', code), ['recording@3'])
    assert.deepEqual(found('src/a.ts', 'import OpenAI from "openai"\nexport const nock = (x) => x\n'), [])
  })

  test('comments and baselines suppress them, every form shows them', () => {
    const files = { 'a.py': 'import openai\nx = r.choices[0] # drover-audit-ignore\ny = r.choices[0]\n' }
    const report = run(files)
    assert.deepEqual(
      report.couplings.map(({ line }) => line),
      [3],
    )
    assert.equal(report.coverage.suppressed.by_comment, 1)
    for (const form of ['text', 'markdown', 'html', 'json', 'sarif'])
      assert.match(writers[form]?.(report, '1') ?? '', /choices-unguarded/, form)
    assert.deepEqual(run(files, readBaseline(baselineOf(report), 'b.json')).couplings, [])
  })

  test('code that has nothing to do with LLMs has none', () => {
    assert.deepEqual(
      found('form.py', 'from django import forms\nchoices = field.choices[0]\nWINDOW = 4096\nMAX_CONTEXT = 9000\n'),
      [],
    )
  })
})
