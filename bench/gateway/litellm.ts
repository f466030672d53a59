import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from '../../test/e2e/free-port.ts'
import { listening, printed, startProgram } from '../load/program.ts'
import type { Gateway } from './gateway.ts'
import { chatPath, sameModel, startTimeoutMs } from './gateway.ts'

const programs = join(import.meta.dirname, '..', 'peers', '.venv', 'bin')
const key = 'sk-bench-master-key'

const configOf = (models: readonly string[], upstreamPort: number): string => `
model_list:
${models
  .map(
    (name) => `  - model_name: ${name}
    litellm_params: { model: "openai/${name}", api_base: "http://127.0.0.1:${upstreamPort}/v1", api_key: sk-bench-of-nobody }`,
  )
  .join('\n')}
general_settings: { master_key: ${key} }
litellm_settings: { set_verbose: false, json_logs: true, request_timeout: 600 }
`

/** The most used gateway in Python: authentication by its master key, no database, so no spend is kept. */
export const litellm: Gateway = {
  name: 'litellm',
  version: () => printed(join(programs, 'python'), '-c', 'import importlib.metadata as m; print(m.version("litellm"))'),
  absent:
    'python3 -m venv bench/peers/.venv && bench/peers/.venv/bin/pip install -r bench/peers/requirements.txt was not run',
  settings: 'one worker, LITELLM_MODE=PRODUCTION, log level ERROR, master key, no database',
  start: async ({ folder, models, upstreamPort }) => {
    const port = await freePort()
    const file = join(folder, 'litellm.yaml')
    await writeFile(file, configOf(models, upstreamPort))
    const flags = [
      '--config',
      file,
      '--port',
      String(port),
      '--host',
      '127.0.0.1',
      '--num_workers',
      '1',
      '--telemetry',
      'False',
    ]
    const program = startProgram(join(programs, 'litellm'), flags, {
      LITELLM_MODE: 'PRODUCTION',
      LITELLM_LOG: 'ERROR',
      LITELLM_LOCAL_MODEL_COST_MAP: 'True',
      NO_DOCS: 'True',
    })
    await listening(program, port, startTimeoutMs)
    const headers = { authorization: `Bearer ${key}` }
    return { port, pids: [program.pid], path: chatPath, headers, model: sameModel, booked: null, end: program.end }
  },
}
