import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fullCall } from '#store/sample-rows.ts'
import { callColumns, callValues } from './call-row.ts'

test('a row on its way has its values in the order of the columns that they are written to', () => {
  assert.deepEqual(Object.keys(callValues(fullCall('call_1'))), [...callColumns])
})
