import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadConfig } from '#config/load.ts'
import { testShell } from './test-shell.ts'

const environment = { MOONSHOT_API_KEY: 'secret-of-moonshot' }

test('init declares the providers whose keys are found, by reference, and the file loads', async () => {
  const { run, folder, close } = testShell()
  try {
    const { code, out, talk } = await run('init --port 4100 --env staging', { environment })
    assert.equal(code, 0, talk)
    const file = join(folder, 'drover.yaml')
    assert.equal(out, `${file}\n`)
    const text = readFileSync(file, 'utf8')
    assert.match(text, /^ {2}moonshot: \{ vendor: moonshot, api_key: "env:MOONSHOT_API_KEY" \}$/m)
    assert.match(text, /^ {2}# openai: /m)
    assert.ok(!text.includes('sandbox'))
    assert.ok(!text.includes('secret-of-moonshot'))
    const loading: { vendor?: string } = {}
    await run('serve', {
      environment,
      serve: async ({ config }) => {
        loading.vendor = config.providers[0]?.vendor ?? '?'
        assert.equal(config.server.port, 4100)
        assert.equal(config.server.environment, 'staging')
        return 0
      },
    })
    assert.equal(loading.vendor, 'moonshot')
  } finally {
    close()
  }
})

test('what stands by as a comment is sound as well', async () => {
  const { run, folder, close } = testShell()
  try {
    await run('init --providers openai', { environment })
    const text = readFileSync(join(folder, 'drover.yaml'), 'utf8')
    const providers = text.split('\n').filter((line) => /^ {2}(# )?[a-z-]+: \{ vendor:/.test(line))
    assert.equal(providers.length, 4)
    const { writeFileSync } = await import('node:fs')
    const models = text
      .slice(text.indexOf('# models:'))
      .replace(/^# ?/gm, '')
      .replace(/^retention[\s\S]*/m, '')
    const whole = `providers:\n${providers.map((line) => line.replace('# ', '')).join('\n')}\n${models}`
    writeFileSync(join(folder, 'whole.yaml'), whole.replaceAll('{ provider: local,', '{ provider: ollama,'))
    const { code, talk } = await run('serve --config whole.yaml', {
      environment: { ...environment, OPENAI_API_KEY: 'x' },
    })
    assert.equal(code, 0, talk)
  } finally {
    close()
  }
})

test('init overwrites nothing unless forced', async () => {
  const { run, folder, close } = testShell()
  try {
    assert.equal((await run('init')).code, 0)
    const before = readFileSync(join(folder, 'drover.yaml'), 'utf8')
    const refused = await run('init', { environment })
    assert.equal(refused.code, 1)
    assert.match(refused.talk, /exists already\.\n {2}next: Use --force/)
    assert.equal(readFileSync(join(folder, 'drover.yaml'), 'utf8'), before)
    assert.equal((await run('init --force', { environment })).code, 0)
    assert.notEqual(readFileSync(join(folder, 'drover.yaml'), 'utf8'), before)
  } finally {
    close()
  }
})

test('without any key the file says so, and loads', async () => {
  const { run, folder, close } = testShell()
  try {
    const { out, talk } = await run('init --json')
    assert.deepEqual(JSON.parse(out), { file: join(folder, 'drover.yaml'), providers: [], unset: [] })
    assert.match(talk, /no key was found/)
    const loaded = await loadConfig({ file: 'drover.yaml', workingFolder: folder, environment: {}, vendors: [] })
    assert.ok(loaded.ok)
  } finally {
    close()
  }
})

test('a chosen provider without its key is written and told of', async () => {
  const { run, close } = testShell()
  try {
    const { out, talk } = await run('init --providers openai,ollama --json')
    assert.deepEqual((JSON.parse(out) as { unset: string[] }).unset, ['OPENAI_API_KEY'])
    assert.match(talk, /OPENAI_API_KEY is not set yet/)
  } finally {
    close()
  }
})

test('a folder that cannot be written is told', async () => {
  const { run, folder, close } = testShell()
  try {
    const { code, talk } = await run('init --config nowhere/drover.yaml')
    assert.equal(code, 1)
    assert.match(talk, /cannot be written\.\n {2}why: ENOENT/)
    assert.ok(!existsSync(join(folder, 'nowhere')))
  } finally {
    close()
  }
})
