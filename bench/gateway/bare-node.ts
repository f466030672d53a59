import { join } from 'node:path'
import { startProgram } from '../load/program.ts'
import type { Gateway } from './gateway.ts'
import { chatPath, sameModel } from './gateway.ts'

/** On this engine. */
export const bareNodeOn = (engine: string): Gateway => ({
  name: 'bare node',
  version: () => `node ${process.version}`,
  absent: '',
  settings: 'node:http and the undici dispatcher, bytes passed on; nothing is looked at',
  start: async ({ upstreamPort }) => {
    const script = join(import.meta.dirname, 'bare-node-process.ts')
    const program = startProgram(engine, [script, `http://127.0.0.1:${upstreamPort}`])
    const port = Number(await program.firstLine())
    return { port, pids: [program.pid], path: chatPath, headers: {}, model: sameModel, booked: null, end: program.end }
  },
})

/** What no gateway in Node can be below. */
export const bareNode: Gateway = bareNodeOn(process.execPath)
