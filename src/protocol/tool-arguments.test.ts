import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { argumentsOfCall, objectArguments } from './tool-arguments.ts'

test('arguments are an object, whatever a model wrote', () => {
  const cases: readonly [string, object, boolean][] = [
    ['{"a":1}', { a: 1 }, false],
    ['', {}, false],
    [' \n', {}, false],
    ['null', {}, false],
    ['[1]', { input: '[1]' }, true],
    ['"x"', { input: '"x"' }, true],
    ['{"a":', { input: '{"a":' }, true],
  ]
  for (const [text, input, broken] of cases) assert.deepEqual(objectArguments(text), { input, broken }, text)
})

test('what is broken is warned of; free text is not broken', () => {
  const warned: string[] = []
  const warn = (place: string): void => void warned.push(place)
  assert.deepEqual(argumentsOfCall({ kind: 'custom', input: '[1' }, warn, 'free'), { input: '[1' })
  assert.deepEqual(argumentsOfCall({ kind: 'function', input: 'null' }, warn, 'nothing'), {})
  assert.deepEqual(argumentsOfCall({ kind: 'function', input: '[1' }, warn, 'broken'), { input: '[1' })
  assert.deepEqual(warned, ['broken'])
})
