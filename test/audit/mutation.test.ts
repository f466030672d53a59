import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { audit } from '#audit/audit.ts'
import type { AuditReport } from '#audit/finding.ts'
import { memorySource } from '#audit/walk/file-source.ts'
import { loadCatalog } from '#catalog/load.ts'

/** One call that is known, written in another way; the audit must find it, with its model and address, in every one. */
type Mutation = { readonly name: string; readonly files: Readonly<Record<string, string>> }

const address = 'https://api.moonshot.ai/v1'

const python: readonly Mutation[] = [
  {
    name: 'plain',
    files: {
      'a.py': `from openai import OpenAI\nc = OpenAI(base_url="${address}")\nc.chat.completions.create(model="kimi-k2.6", messages=[])\n`,
    },
  },
  {
    name: 'module',
    files: {
      'a.py': `import openai as o\no.OpenAI(base_url="${address}").chat.completions.create(model="kimi-k2.6", messages=[])\n`,
    },
  },
  {
    name: 'alias of the class',
    files: {
      'a.py': `from openai import OpenAI\nMaker = OpenAI\nc = Maker(base_url="${address}")\nc.chat.completions.create(model="kimi-k2.6", messages=[])\n`,
    },
  },
  {
    name: 'alias of the method',
    files: {
      'a.py': `from openai import OpenAI\ncreate = OpenAI(base_url="${address}").chat.completions.create\ncreate(model="kimi-k2.6", messages=[])\n`,
    },
  },
  {
    name: 'split text',
    files: {
      'a.py': `from openai import OpenAI\nHOST = "https://api.moon" + "shot.ai"\nc = OpenAI(base_url=f"{HOST}/v1")\nc.chat.completions.create(model="kimi-" "k2.6", messages=[])\n`,
    },
  },
  {
    name: 'constants elsewhere',
    files: {
      'conf.py': `BASE = "${address}"\nMODEL = "kimi-k2.6"\n`,
      'a.py':
        'from openai import OpenAI\nimport conf\nc = OpenAI(base_url=conf.BASE)\nc.chat.completions.create(model=conf.MODEL, messages=[])\n',
    },
  },
  {
    name: 'default of a variable',
    files: {
      'a.py': `import os\nfrom openai import OpenAI\nc = OpenAI(base_url=os.getenv("B", "${address}"))\nc.chat.completions.create(model=os.environ.get("M", "kimi-k2.6"), messages=[])\n`,
    },
  },
  {
    name: 'factory elsewhere',
    files: {
      'p/__init__.py': '',
      'p/make.py': `from openai import OpenAI\ndef make():\n    client = OpenAI(base_url="${address}")\n    return client\n`,
      'p/a.py': 'from .make import make as m\nm().chat.completions.create(model="kimi-k2.6", messages=[])\n',
    },
  },
  {
    name: 'field of a base class',
    files: {
      'a.py': `from openai import OpenAI\nclass A:\n    def __init__(self):\n        self._c = OpenAI(base_url="${address}")\nclass B(A):\n    def go(self):\n        return self._c.chat.completions.create(model="kimi-k2.6", messages=[])\n`,
    },
  },
  {
    name: 'arguments in a record',
    files: {
      'a.py': `from openai import OpenAI\noptions = {"base_url": "${address}"}\nargs = dict(model="kimi-k2.6")\nOpenAI(**options).chat.completions.create(messages=[], **args)\n`,
    },
  },
  {
    name: 'over many lines',
    files: {
      'a.py': `from openai import (\n    OpenAI,  # the client\n)\nc = OpenAI(\n    # where to\n    base_url="${address}",\n)\nc.chat.completions.create(\n    model="kimi-k2.6",\n    messages=[],\n)\n`,
    },
  },
]

const script: readonly Mutation[] = [
  {
    name: 'plain',
    files: {
      'a.ts': `import OpenAI from 'openai'\nconst c = new OpenAI({ baseURL: '${address}' })\nc.chat.completions.create({ model: 'kimi-k2.6', messages: [] })\n`,
    },
  },
  {
    name: 'namespace',
    files: {
      'a.ts': `import * as sdk from 'openai'\nnew sdk.OpenAI({ baseURL: '${address}' }).chat.completions.create({ model: 'kimi-k2.6', messages: [] })\n`,
    },
  },
  {
    name: 'require and rename',
    files: {
      'a.js': `const { OpenAI: X } = require('openai')\nconst c = new X({ baseURL: '${address}' })\nc.chat.completions.create({ model: 'kimi-k2.6', messages: [] })\n`,
    },
  },
  {
    name: 'taken apart',
    files: {
      'a.ts': `import OpenAI from 'openai'\nconst { chat } = new OpenAI({ baseURL: '${address}' })\nchat.completions.create({ model: 'kimi-k2.6', messages: [] })\n`,
    },
  },
  {
    name: 'split text',
    files: {
      'a.ts': `import OpenAI from 'openai'\nconst host = 'https://api.' + 'moonshot.ai'\nconst c = new OpenAI({ baseURL: \`\${host}/v1\` })\nc.chat.completions.create({ model: ['kimi-k2.6'][0], messages: [] })\n`,
    },
  },
  {
    name: 'spread',
    files: {
      'a.ts': `import OpenAI from 'openai'\nconst base = { model: 'kimi-k2.6' }\nconst c = new OpenAI({ ...{ baseURL: '${address}' } })\nc.chat.completions.create({ ...base, messages: [] })\n`,
    },
  },
  {
    name: 'default of a variable',
    files: {
      'a.ts': `import OpenAI from 'openai'\nconst c = new OpenAI({ baseURL: process.env.B ?? '${address}' })\nc.chat.completions.create({ model: process.env.M || 'kimi-k2.6', messages: [] })\n`,
    },
  },
  {
    name: 're-exported twice',
    files: {
      'lib/client.ts': `import OpenAI from 'openai'\nexport const client = new OpenAI({ baseURL: '${address}' })\n`,
      'lib/index.ts': `export * from './client'\n`,
      'index.ts': `export { client as llm } from './lib'\n`,
      'a.ts': `import { llm } from './index'\nllm.chat.completions.create({ model: 'kimi-k2.6', messages: [] })\n`,
    },
  },
  {
    name: 'class with a parameter property',
    files: {
      'a.ts': `import OpenAI from 'openai'\nclass A { constructor(private readonly c = new OpenAI({ baseURL: '${address}' })) {}\n  go() { return this.c.chat.completions.create({ model: 'kimi-k2.6', messages: [] }) } }\n`,
    },
  },
  {
    name: 'function that makes it',
    files: {
      'a.ts': `import OpenAI from 'openai'\nconst make = () => { const c = new OpenAI({ baseURL: '${address}' }); return c }\nexport async function go() { const c = make(); await c.chat.completions.create({ model: 'kimi-k2.6', messages: [] }) }\n`,
    },
  },
  {
    name: 'optional and asserted',
    files: {
      'a.ts': `import OpenAI from 'openai'\nlet c: OpenAI | undefined\nc = new OpenAI({ baseURL: '${address}' } as never)\nawait c!.chat?.completions.create({ model: 'kimi-k2.6' satisfies string, messages: [] })\n`,
    },
  },
]

const go: readonly Mutation[] = [
  {
    name: 'plain',
    files: {
      'a.go': `package a\nimport "github.com/sashabaranov/go-openai"\nfunc f() {\n\tcfg := openai.DefaultConfig("k")\n\tcfg.BaseURL = "${address}"\n\tc := openai.NewClientWithConfig(cfg)\n\tc.CreateChatCompletion(ctx, openai.ChatCompletionRequest{Model: "kimi-k2.6"})\n}\n`,
    },
  },
  {
    name: 'another name',
    files: {
      'a.go': `package a\nimport ai "github.com/sashabaranov/go-openai"\nconst m = "kimi-" + "k2.6"\nvar base = "${address}"\nfunc f() {\n\tcfg := ai.DefaultConfig("k")\n\tcfg.BaseURL = base\n\treq := ai.ChatCompletionRequest{Model: m}\n\tai.NewClientWithConfig(cfg).CreateChatCompletion(ctx, req)\n}\n`,
    },
  },
  {
    name: 'made in another file',
    files: {
      'm.go': `package a\nimport "github.com/openai/openai-go"\nimport "github.com/openai/openai-go/option"\nfunc client() openai.Client { return openai.NewClient(option.WithBaseURL("${address}")) }\n`,
      'a.go': `package a\nimport "github.com/openai/openai-go"\nfunc f() { c := client(); c.Chat.Completions.New(ctx, openai.ChatCompletionNewParams{Model: "kimi-k2.6"}) }\n`,
    },
  },
  {
    name: 'field of a struct',
    files: {
      'a.go': `package a\nimport "github.com/openai/openai-go"\nimport "github.com/openai/openai-go/option"\ntype S struct{ c openai.Client }\nfunc New() *S { return &S{c: openai.NewClient(option.WithBaseURL("${address}"))} }\nfunc (s *S) F() { s.c.Chat.Completions.New(ctx, openai.ChatCompletionNewParams{Model: openai.F("kimi-k2.6")}) }\n`,
    },
  },
  {
    name: 'in another package',
    files: {
      'go.mod': 'module x.test/app\n',
      'internal/llm/llm.go': `package llm\nimport "github.com/openai/openai-go"\nimport "github.com/openai/openai-go/option"\nvar Client = openai.NewClient(option.WithBaseURL("${address}"))\n`,
      'cmd/main.go': `package main\nimport "github.com/openai/openai-go"\nimport "x.test/app/internal/llm"\nfunc main() { llm.Client.Chat.Completions.New(ctx, openai.ChatCompletionNewParams{Model: "kimi-k2.6"}) }\n`,
    },
  },
]

const catalog = await loadCatalog(new URL('../../catalog/', import.meta.url))

const run = (files: Mutation['files']): AuditReport =>
  audit({
    source: memorySource(files),
    catalog,
    target: null,
    atMs: Date.UTC(2026, 10, 22),
    baseline: new Set(),
    progress: () => undefined,
  })

describe('a call that is written in another way is the same call', () => {
  for (const [language, mutations] of Object.entries({ python, script, go })) {
    for (const { name, files } of mutations) {
      test(`${language}: ${name}`, () => {
        const calls = run(files).call_sites.filter(({ kind }) => kind === 'call')
        const found = calls.map(({ endpoint, model, base_url: base }) => ({ endpoint, model, base }))
        assert.deepEqual(found, [{ endpoint: 'chat', model: 'kimi-k2.6', base: address }])
      })
    }
  }
})
