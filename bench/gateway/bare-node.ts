import { join } from 'node:path'
import { startProgram } from '../load/program.ts'
import type { Gateway } from './gateway.ts'
import { chatPath, sameModel } from './gateway.ts'

export type PlainProxy = { readonly script: string; readonly settings: string }

const nodeProxy: PlainProxy = {
  script: 'bare-node-process.ts',
  settings: 'node:http and the undici dispatcher, bytes passed on; nothing is looked at',
}

/** On this engine, by a script beside this file. */
export const bareNodeOn = (engine: string, { script, settings } = nodeProxy): Gateway => ({
  name: 'bare node',
  version: () => `node ${process.version}`,
  absent: '',
  settings,
  start: async ({ upstreamPort }) => {
    const program = startProgram(engine, [join(import.meta.dirname, script), `http://127.0.0.1:${upstreamPort}`])
    const port = Number(await program.firstLine())
    return { port, pids: [program.pid], path: chatPath, headers: {}, model: sameModel, booked: null, end: program.end }
  },
})

/** What no gateway in Node can be below. */
export const bareNode: Gateway = bareNodeOn(process.execPath)
