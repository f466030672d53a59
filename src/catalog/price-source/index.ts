/** The tables of prices that can be imported. */

import { genaiPrices } from './genai-prices.ts'
import { litellm } from './litellm.ts'
import { modelsDev } from './models-dev.ts'
import { portkey } from './portkey.ts'
import type { PriceSource } from './proposal.ts'

export const priceSources: readonly PriceSource[] = [genaiPrices, modelsDev, litellm, portkey]
