import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { audit } from '#audit/audit.ts'
import { memorySource } from '#audit/walk/file-source.ts'
import { loadCatalog } from '#catalog/load.ts'
import { relayAddress } from './address.ts'
import { applyEdits, unifiedDiff } from './edit.ts'
import type { Plan } from './plan.ts'
import { planFixes } from './plan.ts'

const relay = 'http://relay.test:4000/v1'
const catalog = await loadCatalog(pathToFileURL(`${process.cwd()}/catalog/`))

const plan = (files: Readonly<Record<string, string>>, model: string | null = null): Plan => {
  const source = memorySource(files)
  const report = audit({ source, catalog, target: null, atMs: 0, baseline: new Set(), progress: () => undefined })
  return planFixes({ source, report, catalog, relay, model })
}

/** What the files are after the plan, and that planning again changes nothing. */
const fixed = (
  files: Readonly<Record<string, string>>,
  model: string | null = null,
): Readonly<Record<string, string>> => {
  const after = { ...files, ...Object.fromEntries(plan(files, model).changes.map((one) => [one.path, one.after])) }
  assert.deepEqual(plan(after, model).changes, [], 'planning again changes something')
  return after
}

describe('addresses on the relay', () => {
  const table: readonly (readonly [from: string, to: string | null])[] = [
    ['https://api.openai.com/v1', 'http://relay.test:4000/v1'],
    ['https://api.openai.com', 'http://relay.test:4000'],
    ['https://api.openai.com/v1/chat/completions', 'http://relay.test:4000/v1/chat/completions'],
    ['https://api.anthropic.com', 'http://relay.test:4000'],
    ['https://api.anthropic.com/v1/messages', 'http://relay.test:4000/v1/messages'],
    ['https://api.groq.com/openai/v1', 'http://relay.test:4000/v1'],
    ['https://openrouter.ai/api/v1/chat/completions', 'http://relay.test:4000/v1/chat/completions'],
    ['https://api.deepseek.com', 'http://relay.test:4000/v1'],
    ['https://api.deepseek.com/chat/completions', 'http://relay.test:4000/v1/chat/completions'],
    ['https://acme.openai.azure.com/openai/deployments/x', null],
    ['https://bedrock-runtime.eu-west-1.amazonaws.com', null],
    ['https://api.openai.com/{path}', null],
    ['https://example.com/v1', null],
    [relay, null],
  ]
  for (const [from, to] of table) test(from, () => assert.equal(relayAddress(from, relay), to))
})

describe('the plan', () => {
  test('sets a variable where that is enough', () => {
    const files = {
      '.env': 'OPENAI_API_KEY=\nDEBUG=1\n',
      'a.py': 'from openai import OpenAI\nOpenAI().models.list()\n',
    }
    assert.deepEqual(fixed(files), { ...files, '.env': `OPENAI_API_KEY=\nOPENAI_BASE_URL=${relay}\nDEBUG=1\n` })
  })

  test('changes literals of code and settings, models only with a target', () => {
    const files = {
      'a.ts':
        "import OpenAI from 'openai'\nconst c = new OpenAI({ baseURL: 'https://api.openai.com/v1' })\nawait c.chat.completions.create({ model: 'gpt-4o', messages: [] })\nawait c.embeddings.create({ model: 'text-embedding-3-small', input: 'x' })\nif (model === 'gpt-4o') {}\n",
      'conf.yaml': 'base_url: https://api.openai.com/v1\nmodel: gpt-4o # the big one\n',
    }
    const moved = fixed(files)
    assert.match(moved['a.ts'] ?? '', /baseURL: 'http:\/\/relay\.test:4000\/v1'/)
    assert.match(moved['a.ts'] ?? '', /model: 'gpt-4o'/)
    const renamed = fixed(files, 'kimi-k2')
    assert.match(renamed['a.ts'] ?? '', /model: 'kimi-k2', messages[\s\S]*text-embedding-3-small[\s\S]*=== 'gpt-4o'/)
    assert.equal(renamed['conf.yaml'], `base_url: ${relay}\nmodel: kimi-k2 # the big one\n`)
  })

  test('leaves tests, lists of models, texts for people and what the relay cannot be alone', () => {
    const list = Array.from({ length: 40 }, (_, index) => `  { model: 'gpt-4o-2024-${index}' },`).join('\n')
    const files = {
      'tests/test_a.py': 'from openai import OpenAI\nOpenAI(base_url="https://api.openai.com/v1")\n',
      'models.ts': `export const models = [\n${list}\n]\n`,
      'b.py':
        'from openai import AzureOpenAI\nAzureOpenAI(azure_endpoint="https://acme.openai.azure.com")\nhelp = {"docs": "https://api.openai.com/v1"}\n',
    }
    assert.deepEqual(fixed(files, 'kimi-k2'), files)
  })

  test('takes out headers of the old vendor, and what is unsure stays', () => {
    const files = {
      'a.py':
        'import os\nfrom openai import OpenAI\nclient = OpenAI(\n    base_url="https://api.openai.com/v1",\n    default_headers={\n        "OpenAI-Organization": os.environ["ORG"],\n        "X-Trace": "1",\n    },\n)\n',
      'b.ts':
        "import OpenAI from 'openai'\n// 'OpenAI-Project': 'p'\nnew OpenAI({ defaultHeaders: { 'OpenAI-Project': 'proj_1', 'X-Trace': '1' } })\n",
      'c.go':
        'package c\n\nimport "net/http"\n\nfunc f(org string) {\n\treq, _ := http.NewRequest("POST", "https://api.openai.com/v1/chat/completions", nil)\n\treq.Header.Set("OpenAI-Project", "proj_1")\n\treq.Header.Set("OpenAI-Organization", org)\n}\n',
    }
    const after = fixed(files)
    assert.equal(
      after['a.py'],
      `import os\nfrom openai import OpenAI\nclient = OpenAI(\n    base_url=os.environ.get("OPENAI_BASE_URL", "${relay}"),\n    default_headers={\n        "X-Trace": "1",\n    },\n)\n`,
    )
    assert.equal(after['b.ts'], files['b.ts'].replace("'OpenAI-Project': 'proj_1', 'X-Trace'", "'X-Trace'"))
    assert.doesNotMatch(after['c.go'] ?? '', /proj_1/)
    assert.match(after['c.go'] ?? '', /OpenAI-Organization", org/)
  })

  test('reads the address from one variable where the file can', () => {
    const files = {
      'a.ts':
        "import OpenAI from 'openai'\nnew OpenAI({ apiKey: process.env.OPENAI_API_KEY, baseURL: 'https://api.openai.com/v1' })\n",
      'b.rb': 'CLIENT = OpenAI::Client.new(uri_base: "https://api.openai.com/v1")\n',
      'c.ts': "import OpenAI from 'openai'\nnew OpenAI({ apiKey: key, baseURL: 'https://api.openai.com/v1' })\n",
    }
    const after = fixed(files)
    assert.match(after['a.ts'] ?? '', /baseURL: process\.env\.OPENAI_BASE_URL \?\? 'http:\/\/relay/)
    assert.match(after['b.rb'] ?? '', /uri_base: ENV\.fetch\("OPENAI_BASE_URL", "http:\/\/relay/)
    assert.match(after['c.ts'] ?? '', /baseURL: 'http:\/\/relay/)
  })

  test('what reads another variable first stays a program', () => {
    const files = {
      'a.ts':
        "import OpenAI from 'openai'\nnew OpenAI({ baseURL: process.env.LLM_URL || 'https://api.openai.com/v1' })\nnew OpenAI({ baseURL: process.env.OPENAI_BASE_URL || 'https://api.openai.com/v1' })\n",
    }
    const lines = (fixed(files)['a.ts'] ?? '').split('\n')
    assert.equal(
      lines[1],
      `new OpenAI({ baseURL: process.env.LLM_URL || (process.env.OPENAI_BASE_URL ?? '${relay}') })`,
    )
    assert.equal(lines[2], `new OpenAI({ baseURL: process.env.OPENAI_BASE_URL || '${relay}' })`)
  })

  test('changes everything that a line of settings says', () => {
    const after = fixed({ Dockerfile: 'ENV OPENAI_API_BASE=https://api.openai.com/v1 MODEL_NAME=gpt-4o\n' }, 'kimi-k2')
    assert.equal(after['Dockerfile'], `ENV OPENAI_API_BASE=${relay} MODEL_NAME=kimi-k2\n`)
  })

  test('a model keeps its name where it is asked for elsewhere than at the relay, and that is told', () => {
    const files = {
      'bedrock.py':
        'import boto3\nbr = boto3.client("bedrock-runtime")\nbr.converse(modelId="amazon.nova-pro-v1:0", messages=[])\n',
      'gemini.py':
        'from google import genai\ng = genai.Client()\ng.models.generate_content(model="gemini-2.5-flash", contents="x")\n',
      'lite.py': 'import litellm\nlitellm.completion(model="azure/gpt-4o", messages=[])\n',
      'gateway.ts': "import { generateText } from 'ai'\nawait generateText({ model: 'openai/gpt-4.1', prompt: 'x' })\n",
      'proxy.ts':
        "import OpenAI from 'openai'\nconst c = new OpenAI({ baseURL: 'https://llm.corp.example/v1' })\nawait c.chat.completions.create({ model: 'gpt-4o', messages: [] })\n",
    }
    assert.deepEqual(fixed(files, 'kimi-k2'), files)
    assert.deepEqual(
      plan(files, 'kimi-k2')
        .left.map(({ path }) => path)
        .toSorted(),
      Object.keys(files).toSorted(),
    )
    assert.match(plan(files, 'kimi-k2').left[0]?.why ?? '', /does not come to the relay/)
    assert.deepEqual(plan(files).left, [])
    const router =
      'import requests\nrequests.post("https://openrouter.ai/api/v1/chat/completions", json={"model": "openai/gpt-4o"})\n'
    assert.match(fixed({ 'a.py': router }, 'kimi-k2')['a.py'] ?? '', /"model": "kimi-k2"/)
  })

  test('says why, and gives a diff that patch takes', () => {
    const [change] = plan({
      'a.py': `x = 1\n${'#\n'.repeat(9)}from openai import OpenAI\nOpenAI(base_url="https://api.openai.com/v1")\n`,
    }).changes
    assert.equal(
      change?.diff,
      `--- a/a.py\n+++ b/a.py\n@@ -9,4 +9,4 @@\n #\n #\n from openai import OpenAI\n-OpenAI(base_url="https://api.openai.com/v1")\n+OpenAI(base_url="${relay}")\n`,
    )
    assert.deepEqual(
      change?.edits.map(({ line, weight }) => [line, weight]),
      [[12, 'blocks']],
    )
    assert.match(change?.edits[0]?.why ?? '', /relay answers instead/)
  })
})

test('edits are made from the end, and diffs tell added lines', () => {
  const edit = { line: 1, weight: 'tune', why: '' } as const
  assert.equal(
    applyEdits('abcd', [
      { ...edit, start: 0, end: 1, text: 'X' },
      { ...edit, start: 3, end: 4, text: 'YY' },
    ]),
    'XbcYY',
  )
  assert.equal(unifiedDiff('f', 'a\nb\n', 'a\nnew\nb\n'), '--- a/f\n+++ b/f\n@@ -1,2 +1,3 @@\n a\n+new\n b\n')
  assert.equal(unifiedDiff('f', 'a\n', 'a\n'), '')
})
