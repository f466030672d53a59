/** The files of which every branch must be gone through, and small changes noticed; and the tests that belong to each. */

import { globSync } from 'node:fs'
import { join } from 'node:path'

export const root = join(import.meta.dirname, '..', '..')

export type Room = {
  readonly name: string
  readonly files: readonly string[]
  /** Patterns of test files, the quickest first. */
  readonly tests: readonly string[]
  /** Further ones, too slow to be run for each change: only coverage asks them. */
  readonly slowTests?: readonly string[]
}

const list = (folder: string, names: string): readonly string[] =>
  names.split(' ').map((name) => `${folder}/${name}.ts`)

export const rooms: readonly Room[] = [
  {
    name: 'ledger',
    files: list('src/ledger', 'audit book budget charge entry lease lot period signup'),
    tests: ['src/ledger/*.test.ts', 'src/store/sqlite/verify-books.test.ts'],
    slowTests: ['src/store/sqlite/ledger.test.ts'],
  },
  {
    name: 'books',
    // All of them: a new one cannot be forgotten.
    files: globSync('src/store/operations/books/*.ts', { cwd: root }).sort(),
    tests: [
      'src/store/sqlite/{books,books-corners,books-edges,withdrawals,rerate,verify-books,batch,ledger}.test.ts',
      'src/store/sqlite/sqlite-store.test.ts',
      'src/wiring/{prices,lots,codes,signups,plans,payments,budgets,takeover,own-affairs}.test.ts',
      'src/admin/operations.test.ts',
      'test/payment/order-books.test.ts',
    ],
    slowTests: ['test/payment/{attacks,crashes,reconcile}.test.ts', 'test/simulate/*.test.ts'],
  },
  {
    name: 'prices',
    files: [...list('src/catalog', 'price price-book lookup'), ...list('src/base', 'money price-row')],
    tests: ['src/base/{money,price-row}.test.ts', 'src/catalog/{price,lookup,price-book}.test.ts'],
  },
  {
    name: 'authentication',
    files: [
      ...list('src/policy', 'key check-key credential'),
      ...list('src/admin', 'authenticate'),
      ...list('src/identity', 'cookie same-origin session'),
    ],
    tests: [
      'src/policy/{key,check-key,credential}.test.ts',
      'src/identity/cookie.test.ts',
      'src/admin/authenticate.test.ts',
      'src/wiring/{sign-in,incidents}.test.ts',
    ],
  },
  {
    name: 'guard',
    files: list('src/http', 'egress dial endpoint'),
    tests: ['src/http/egress.test.ts', 'src/http/endpoint.test.ts', 'src/http/dial.test.ts'],
  },
  {
    name: 'statistics',
    files: list(
      'src/migration',
      'beta-function drift mean-test pair-test proportion-test relative-test split-guard strata tally',
    ),
    tests: ['src/migration/{beta-function,drift,tally,strata,statistics}.test.ts'],
  },
]

const filesOf = (patterns: readonly string[]): readonly string[] =>
  patterns.flatMap((pattern) => globSync(pattern, { cwd: root }).sort())

/** The test files of a room that are quick, in their order. */
export const testsOf = ({ tests }: Room): readonly string[] => filesOf(tests)

/** All of them. */
export const allTestsOf = ({ tests, slowTests = [] }: Room): readonly string[] => filesOf([...tests, ...slowTests])
