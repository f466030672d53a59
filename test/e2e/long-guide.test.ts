// The guide as its readers use it: every snippet that is marked `run` is carried out against a relay, the others are checked for their form.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { parseAllDocuments } from 'yaml'
import { readSnippets } from '../guide/snippets.ts'
import type { Relay } from './harness.ts'
import {
  adminKey,
  checkout,
  cleanEnvironment,
  drover,
  makeFolder,
  removeFolder,
  start,
  startRelay,
  testKey,
  within,
} from './harness.ts'

const guide = join(checkout, 'docs', 'migrate')
const snippets = readSnippets(guide)
const scriptTimeoutMs = 120_000

const program =
  'from openai import OpenAI\nclient = OpenAI()\n\ndef answer(q):\n    return client.chat.completions.create(model="gpt-4o", temperature=0.2, messages=q)\n'

/** A day of use as the usage API tells it. */
const usage = {
  object: 'page',
  has_more: false,
  data: [
    {
      object: 'bucket',
      start_time: Date.UTC(2026, 9, 1) / 1000,
      end_time: Date.UTC(2026, 9, 2) / 1000,
      results: [
        {
          object: 'organization.usage.completions.result',
          model: 'gpt-4o',
          input_tokens: 8_000_000,
          input_cached_tokens: 2_000_000,
          output_tokens: 2_000_000,
          num_model_requests: 9_000,
        },
      ],
    },
  ],
}

const pagesWith = (language: string, isRun: boolean) => [
  ...new Set(snippets.filter((one) => one.language === language && one.isRun === isRun).map(({ page }) => page)),
]

describe('the guide', () => {
  let relay: Relay
  let tools = ''
  const folders: string[] = []

  before(async () => {
    relay = await startRelay()
    tools = await makeFolder()
    // `npx drover` is what a reader types; here it is the checkout's.
    writeFileSync(join(tools, 'npx'), `#!/bin/sh\nshift\nexec '${drover}' "$@"\n`)
    chmodSync(join(tools, 'npx'), 0o755)
  })
  after(async () => {
    await relay.stop()
    for (const folder of [tools, ...folders]) await removeFolder(folder)
  })

  /** A folder with a program and its use, as a reader's. */
  const project = async (): Promise<string> => {
    const folder = await makeFolder()
    folders.push(folder)
    mkdirSync(join(folder, 'support'))
    writeFileSync(join(folder, 'support', 'main.py'), program)
    writeFileSync(join(folder, 'usage.json'), JSON.stringify(usage))
    return folder
  }

  for (const page of pagesWith('sh', true)) {
    test(`the commands of ${page}, one after the other`, async () => {
      const script = snippets
        .filter((one) => one.page === page && one.language === 'sh' && one.isRun)
        .map(({ text, line }) => `echo '-- line ${line}' >&2\n${text}`)
        .join('\n')
      const { PATH } = cleanEnvironment()
      const { child, ended, stdout, stderr } = start('sh', ['-euc', script], {
        cwd: await project(),
        env: cleanEnvironment({
          PATH: `${tools}:${PATH ?? ''}`,
          DROVER_URL: relay.url,
          DROVER_ADMIN_KEY: adminKey,
          OPENAI_BASE_URL: `${relay.url}/v1`,
          OPENAI_API_KEY: testKey,
        }),
      })
      const { code } = await within(ended, scriptTimeoutMs, () => {
        child.kill('SIGKILL')
        return `${page} went on and on\n${stderr()}`
      })
      assert.equal(code, 0, `${page}\n${stderr()}\n${stdout()}`)
    })
  }

  test('shell that is not run is shell', () => {
    for (const { page, line, text } of snippets.filter(({ language, isRun }) => language === 'sh' && !isRun)) {
      const { status, stderr } = spawnSync('sh', ['-n'], { input: text, encoding: 'utf8' })
      assert.equal(status, 0, `${page}:${line} ${stderr}`)
    }
  })

  test('JavaScript is JavaScript, JSON is JSON, YAML is YAML', () => {
    for (const { page, line, language, text } of snippets) {
      const where = `${page}:${line}`
      if (language === 'json') assert.doesNotThrow(() => JSON.parse(text), where)
      if (language === 'yaml') for (const { errors } of parseAllDocuments(text)) assert.deepEqual(errors, [], where)
      if (language !== 'js') continue
      const { status, stderr } = spawnSync(process.execPath, ['--check', '--input-type=module', '-'], {
        input: text,
        encoding: 'utf8',
      })
      assert.equal(status, 0, `${where} ${stderr}`)
    }
  })

  test('every snippet says what it is, both languages have the same pages, and links lead somewhere', () => {
    for (const { page, line, language } of snippets)
      assert.ok(
        ['', 'sh', 'python', 'js', 'json', 'yaml', 'text'].includes(language),
        `${page}:${line} is in '${language}'`,
      )
    for (const page of ['guide', 'roi', 'common-errors', 'secrets'])
      for (const name of [`${page}.md`, `${page}.zh-CN.md`])
        assert.ok(
          snippets.some((one) => one.page === name),
          `${name} has no snippets`,
        )
  })

  test('configurations of the guide are accepted by doctor', async () => {
    for (const { page, line, text } of snippets.filter(
      ({ language, text: body }) => language === 'yaml' && /^(?:# drover\.yaml|models:)/.test(body),
    )) {
      const folder = await makeFolder()
      folders.push(folder)
      const providers =
        'providers:\n  openai: { vendor: openai, api_key: "env:OPENAI_API_KEY" }\n  moonshot: { vendor: moonshot, api_key: "env:MOONSHOT_API_KEY" }\n'
      writeFileSync(join(folder, 'drover.yaml'), text.includes('providers:') ? text : `${providers}${text}`)
      const { ended, stdout, stderr } = start(drover, ['doctor', '--json'], {
        cwd: folder,
        env: cleanEnvironment({
          OPENAI_API_KEY: 'sk-none-0123456789012345678901234567',
          MOONSHOT_API_KEY: 'sk-none-0123456789012345678901234567',
        }),
      })
      await within(ended, scriptTimeoutMs, () => stderr())
      assert.doesNotMatch(
        `${stdout()}${stderr()}`,
        /configuration (?:cannot be used|has \d+ faults)|"code":"configuration"/,
        `${page}:${line}`,
      )
    }
  })
})
