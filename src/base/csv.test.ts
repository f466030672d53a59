import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { csvCell, csvLine, csvTable } from './csv.ts'

test('what is written is read back, whatever is in it', () => {
  const cell = fc.string().map((text) => `x${text.replaceAll('\r', '')}`)
  fc.assert(
    fc.property(fc.array(fc.array(cell, { minLength: 2, maxLength: 2 })), (rows) => {
      const read = csvTable(csvLine(['a', 'b']) + rows.map(csvLine).join('')).rows
      assert.deepEqual(
        read.map((row) => [row['a'], row['b']]),
        rows,
      )
    }),
  )
})

test('null is empty, zero is zero', () => {
  assert.equal(csvLine([null, 0, 0n, '', false]), ',0,0,,false\r\n')
})

test('a text that a spreadsheet would run is only a text', () => {
  assert.equal(csvCell('=1+1'), "'=1+1")
  assert.equal(csvCell('@SUM(A1)'), "'@SUM(A1)")
  assert.equal(csvCell('-cmd'), "'-cmd")
  assert.equal(csvCell('-12.50'), '-12.50')
  assert.equal(csvCell('plain "quoted", text'), '"plain ""quoted"", text"')
})

test('headings are read whatever their case, short rows lack their last cells', () => {
  const { headings, rows } = csvTable('\uFEFFDate, Model \n2026-11-01,"a,b"\n\n2026-11-02\n')
  assert.deepEqual(headings, ['date', 'model'])
  assert.deepEqual(rows, [{ date: '2026-11-01', model: 'a,b' }, { date: '2026-11-02' }])
})
