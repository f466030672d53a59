/** The check before a switch: three completions, as a client would make them. */

import { say, weatherParameters, weatherTool } from '#probe/chat/ask.ts'
import { firstChoice, usageOfChat } from '#probe/chat/reading.ts'
import { answersOf, declinableAnswersOf, judgeAnswers, toolFaults, toolsOf } from '#probe/chat/verdict.ts'
import { unsupported } from '#probe/judgement.ts'
import type { Probe } from '#probe/probe.ts'
import { groupOf, impossible } from './define.ts'

const completed: Probe['judge'] = (had, { stream }) =>
  judgeAnswers(answersOf(had), ([reading], findings) => {
    if (reading === undefined) return undefined
    const { content, reasoning, finishes } = firstChoice(reading)
    findings.must(content + reasoning !== '', 'The answer is empty.')
    findings.must(finishes.length > 0, 'No finish reason comes.')
    findings.must(!stream || reading.wire.done, 'The stream ends without [DONE].')
    findings.should(stream || usageOfChat(reading) !== null, 'The answer has no usage.')
    findings.measure('total_ms', Math.round(had[0]?.endMs ?? 0))
    return undefined
  })

const called: Probe['judge'] = (had) =>
  judgeAnswers(declinableAnswersOf(had, ['tool']), ([reading], findings) => {
    const tools = reading === undefined ? [] : toolsOf(reading)
    if (tools.length === 0) return unsupported('The model called no tool.')
    for (const tool of tools)
      for (const fault of toolFaults(tool, 'get_weather', weatherParameters)) findings.must(false, fault)
    return undefined
  })

const remedy = impossible('Do not switch before this works.')

export const quickProbes = groupOf({ group: 'quick' }, [
  {
    id: 'quick-whole',
    title: 'A whole completion',
    level: 'blocking',
    rule: '200, text and a finish reason.',
    remedy,
    ask: (facts) => [say(facts, 'Say good morning in one sentence.', { tokens: 64 })],
    judge: completed,
  },
  {
    id: 'quick-stream',
    title: 'A streamed completion',
    level: 'blocking',
    modes: ['stream'],
    rule: '200, text, a finish reason and [DONE].',
    remedy,
    ask: (facts) => [say(facts, 'Name three colours of the rainbow.', { tokens: 64 })],
    judge: completed,
  },
  {
    id: 'quick-tool',
    title: 'A completion with a tool',
    level: 'blocking',
    rule: 'A valid call; or none.',
    remedy,
    dependents: { parameters: ['tools'] },
    ask: (facts) => [say(facts, 'Use the get_weather tool for Oslo.', { tokens: 256, tools: [weatherTool] })],
    judge: called,
  },
])
