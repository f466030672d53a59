import assert from 'node:assert/strict'
import { test } from 'node:test'
import { meantText, nearestOf } from './nearest.ts'

test('the nearest names come first', () => {
  assert.deepEqual(nearestOf('kimi-k3', ['gpt-4.1', 'kimi-k2', 'kimi-k2.6', 'claude'], 2), ['kimi-k2', 'kimi-k2.6'])
  assert.deepEqual(nearestOf('prot', ['port', 'host', 'proxy']), ['port'])
  assert.deepEqual(nearestOf('kimi', ['gpt-4.1', 'kimi-k2-turbo-preview']), ['kimi-k2-turbo-preview'])
  assert.deepEqual(nearestOf('API_KEY', ['api_key']), ['api_key'])
})

test('nothing is near to what resembles nothing', () => {
  assert.deepEqual(nearestOf('zzzzzz', ['port', 'host']), [])
  assert.deepEqual(nearestOf('ab', ['xy', 'cd']), [])
  assert.deepEqual(nearestOf('', ['port']), [])
  assert.equal(meantText('zzzzzz', ['port']), '')
  assert.equal(meantText('prot', ['port']), "; did you mean 'port'?")
})
