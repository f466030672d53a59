/** A command line for tests: streams that are kept, a folder of its own, a store in memory, vendors that are few. */

import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { testContext } from '#admin/test-store.ts'
import type { Vendor } from '#provider/vendor.ts'
import { makeVendor } from '#provider/vendor-defaults.ts'
import type { CommandLinePorts } from './ports.ts'
import { runCommandLine } from './run.ts'

export type Ran = { readonly code: number; readonly out: string; readonly talk: string }

const vendorOf = (name: string, facts: Partial<Vendor>): Vendor =>
  makeVendor({
    name,
    title: name,
    baseUrl: `https://api.${name}.example/v1`,
    keyEnv: [`${name.toUpperCase()}_API_KEY`],
    protocols: ['openai-chat'],
    keyPage: `https://${name}.example/keys`,
    ...facts,
  })

const testVendors: readonly Vendor[] = [
  vendorOf('moonshot', { regions: { sg: 'https://sg.example/v1', cn: 'https://cn.example/v1' } }),
  vendorOf('openai', {}),
  vendorOf('ollama', { baseUrl: 'http://127.0.0.1:11434/v1', keyEnv: [], keyless: true, local: true, keyPage: null }),
  vendorOf('openai-compatible', { baseUrl: null, keyEnv: [], keyless: true, keyPage: null }),
  vendorOf('sandbox', { keyEnv: [], keyless: true, inProcess: true, checkPath: null, keyPage: null }),
]

const noSecrets: CommandLinePorts['secrets'] = {
  open: () => undefined,
  keepOnly: () => undefined,
  read: () => assert.fail('no secret of a test is kept elsewhere'),
  tryWrite: () => assert.fail('no secret of a test is kept elsewhere'),
  write: () => assert.fail('no secret of a test is kept elsewhere'),
  refresh: async () => false,
  isUsed: () => false,
  warnings: () => [],
  close: async () => undefined,
}

/** A fresh folder and a store; `run` runs one command line in it. Ports can be replaced. Call `close` at the end. */
export const testShell = (replaced: Partial<CommandLinePorts> = {}) => {
  const folder = mkdtempSync(join(tmpdir(), 'drover-cli-'))
  const admin = testContext()
  const opened: string[] = []
  const run = async (line: string | readonly string[], more: Partial<CommandLinePorts> = {}): Promise<Ran> => {
    const out: string[] = []
    const talk: string[] = []
    const ports: CommandLinePorts = {
      stdin: {},
      stdout: { write: (text) => void out.push(text) },
      stderr: { write: (text) => void talk.push(text) },
      environment: {},
      workingFolder: folder,
      version: '1.2.3',
      nodeVersion: '26.10.0',
      clock: admin.clock,
      ids: admin.ids,
      vendors: testVendors,
      secrets: noSecrets,
      catalogFolder: pathToFileURL(join(process.cwd(), 'catalog/')),
      serve: async () => 0,
      readTables: async () => ({}),
      askRedis: async () => ({ server: 'Redis 7.0.15', whenFull: 'noeviction', tripMs: 1 }),
      askIssuer: async () => ({ algorithms: null }),
      providerCredit: async () => [],
      lockHolder: async (data) => {
        const file = join(data, 'lock')
        return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : null
      },
      openStore: async ({ data }) => {
        opened.push(data)
        return { ports: admin.ports, close: async () => void opened.push('closed') }
      },
      storedSettings: async () => ({ providers: [], models: [], leftOut: [], lost: [] }),
      takeBackup: () => assert.fail('no store of a test is copied'),
      moveStore: () => assert.fail('no store of a test is moved'),
      moveStoreOnline: () => assert.fail('no store of a test is moved'),
      restoreBackup: () => assert.fail('no store of a test is replaced'),
      checkProvider: async () => ({ status: 200, headers: {} }),
      retirementOf: async () => null,
      calendarsOf: async () => [],
      signal: new AbortController().signal,
      ...replaced,
      ...more,
    }
    const words = typeof line === 'string' ? line.split(' ').filter((word) => word !== '') : line
    const code = await runCommandLine(words, ports)
    return { code, out: out.join(''), talk: talk.join('') }
  }
  return { folder, admin, opened, run, close: () => rmSync(folder, { recursive: true }) }
}
