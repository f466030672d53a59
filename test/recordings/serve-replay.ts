/**
 * Answers every call as one recorded provider did, for `drover probe` to look at:
 * `bin/drover-node test/recordings/serve-replay.ts mistral/openai.chat/mistral-tool-call-0413d6338d72.json` prints its address and serves
 * until it is stopped. The recordings lie where DROVER_SHARED says.
 */

import { join } from 'node:path'
import { readRecording, replay } from '../fake/replay.ts'
import { startUpstream } from '../fake/upstream.ts'
import { sharedFolder } from './exchange.ts'

const [file] = process.argv.slice(2)
if (file === undefined) {
  process.stderr.write('Which recording? Name a file of index.jsonl.\n')
  process.exitCode = 2
} else {
  const upstream = await startUpstream(replay(readRecording(join(sharedFolder(), 'recordings'), file)))
  process.stdout.write(`${upstream.baseUrl}\n`)
}
