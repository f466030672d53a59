/** The clients for JavaScript, in the order of the table. */

import type { Driver } from '../driver.ts'
import { agentsDrivers } from './agents.ts'
import { aiDrivers } from './ai.ts'
import { anthropic } from './anthropic.ts'
import { genai } from './genai.ts'
import { langchainDrivers } from './langchain.ts'
import { openaiChat } from './openai-chat.ts'
import { openaiResponses } from './openai-responses.ts'

export const drivers: readonly Driver[] = [
  openaiChat,
  openaiResponses,
  anthropic,
  genai,
  ...aiDrivers,
  ...langchainDrivers,
  ...agentsDrivers,
]
