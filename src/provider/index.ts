/** The list of vendors. The order is that of detection from the environment, and of what a person is shown. */

import { alibaba } from './alibaba.ts'
import { anthropic } from './anthropic.ts'
import { azure } from './azure.ts'
import { bedrock } from './bedrock.ts'
import { cohere } from './cohere.ts'
import { deepseek } from './deepseek.ts'
import { fireworks } from './fireworks.ts'
import { gemini } from './gemini.ts'
import { groq } from './groq.ts'
import { llamacpp } from './llamacpp.ts'
import { mistral } from './mistral.ts'
import { moonshot } from './moonshot.ts'
import { ollama } from './ollama.ts'
import { ollamaNative } from './ollama-native.ts'
import { openai } from './openai.ts'
import { openaiCompatible } from './openai-compatible.ts'
import { openrouter } from './openrouter.ts'
import { perplexity } from './perplexity.ts'
import { sandbox } from './sandbox-vendor.ts'
import { sglang } from './sglang.ts'
import { siliconflow } from './siliconflow.ts'
import { together } from './together.ts'
import type { Vendor } from './vendor.ts'
import { vertex } from './vertex.ts'
import { vllm } from './vllm.ts'
import { voyageai } from './voyageai.ts'
import { xai } from './xai.ts'
import { zhipu } from './zhipu.ts'

export const vendors: readonly Vendor[] = [
  moonshot,
  openai,
  anthropic,
  gemini,
  deepseek,
  azure,
  bedrock,
  vertex,
  openrouter,
  groq,
  mistral,
  xai,
  together,
  fireworks,
  perplexity,
  alibaba,
  zhipu,
  siliconflow,
  cohere,
  voyageai,
  vllm,
  sglang,
  llamacpp,
  ollama,
  ollamaNative,
  openaiCompatible,
  sandbox,
]

const byName: ReadonlyMap<string, Vendor> = new Map(vendors.map((vendor) => [vendor.name, vendor]))

/** `undefined` = there is no such vendor. */
export const vendorOf = (name: string): Vendor | undefined => byName.get(name)
