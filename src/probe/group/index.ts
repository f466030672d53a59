/** The list of probes, in the order in which they are reported. */

import type { Probe } from '#probe/probe.ts'
import { accessProbes, refusalProbes } from './access.ts'
import { accuracyProbes } from './accuracy.ts'
import { anthropicProbes } from './anthropic.ts'
import { connectionProbes } from './connection.ts'
import { contextProbes } from './context.ts'
import { extraProbes } from './extra.ts'
import { geminiProbes } from './gemini.ts'
import { messageProbes } from './message.ts'
import { parameterProbes } from './parameter.ts'
import { reasoningProbes } from './reasoning.ts'
import { repeatProbes } from './repeat.ts'
import { streamProbes } from './stream.ts'
import { structuredProbes } from './structured.ts'
import { textProbes } from './text.ts'
import { toolProbes } from './tool.ts'
import { usageProbes } from './usage.ts'

export const probes: readonly Probe[] = [
  ...accessProbes,
  ...refusalProbes,
  ...streamProbes,
  ...usageProbes,
  ...textProbes,
  ...toolProbes,
  ...reasoningProbes,
  ...structuredProbes,
  ...parameterProbes,
  ...messageProbes,
  ...contextProbes,
  ...connectionProbes,
  ...extraProbes,
  ...repeatProbes,
  ...accuracyProbes,
  ...anthropicProbes,
  ...geminiProbes,
]
