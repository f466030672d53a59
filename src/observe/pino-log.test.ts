import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Secret } from '#base/log.ts'
import { Problem } from '#base/problem.ts'
import { pinoLog } from './pino-log.ts'

test('secrets do not reach a line, wherever they stand', () => {
  const lines: string[] = []
  const log = pinoLog('info', (line) => lines.push(line))
  const key = `sk-${'a1B2'.repeat(8)}`
  log.warn(`refused ${key}`, {
    wrapped: new Secret(key),
    nested: { credential: new Secret(key) },
    text: `Authorization: Bearer ${key}`,
    error: new Problem('upstream_error', { message: `said ${key}`, cause: new Error(`inside ${key}`) }),
  })
  assert.equal(lines.length, 1)
  assert.doesNotMatch(lines.join(''), /a1B2/)
  assert.equal(JSON.parse(lines[0] ?? '').error.code, 'upstream_error')
})

test('a level below the chosen one writes nothing', () => {
  const lines: string[] = []
  pinoLog('warn', (line) => lines.push(line)).info('quiet')
  assert.deepEqual(lines, [])
})
