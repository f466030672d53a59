import type {
  CallableTool,
  Content,
  FunctionCall,
  GenerateContentConfig,
  GenerateContentResponse,
  Part,
} from '@google/genai'
import { ApiError, GoogleGenAI } from '@google/genai'
import type { Driver, Told, Wish } from '../driver.ts'
import { cityOf, faultBy } from '../driver.ts'
import { boatSchema, png, weatherOf, weatherTool } from '../script.ts'

const declaration = {
  name: weatherTool.name,
  description: weatherTool.description,
  parametersJsonSchema: weatherTool.parameters,
}

const configOf = (wish: Wish): GenerateContentConfig => ({
  ...(wish.system === undefined ? {} : { systemInstruction: wish.system }),
  ...(wish.tool === true ? { tools: [{ functionDeclarations: [declaration] }] } : {}),
  ...(wish.schema === true ? { responseMimeType: 'application/json', responseJsonSchema: boatSchema } : {}),
  ...(wish.think === true ? { thinkingConfig: { includeThoughts: true } } : {}),
  ...(wish.signal === undefined ? {} : { abortSignal: wish.signal }),
})

const partsOf = ({ prompt, image }: Wish): Part[] => [
  { text: prompt },
  ...(image === true ? [{ inlineData: { mimeType: 'image/png', data: png } }] : []),
]

type Heard = { readonly responses: readonly GenerateContentResponse[]; readonly pieces: number }

const toldOf = ({ responses, pieces }: Heard, wish: Wish): Omit<Told, 'next'> => {
  const parts = responses.flatMap((response) => response.candidates?.[0]?.content?.parts ?? [])
  const text = parts.map((part) => (part.thought === true ? '' : (part.text ?? ''))).join('')
  const figures = responses.findLast(({ usageMetadata }) => usageMetadata !== undefined)?.usageMetadata
  const { promptTokenCount, cachedContentTokenCount, candidatesTokenCount, thoughtsTokenCount } = figures ?? {}
  return {
    text,
    pieces,
    calls: parts.flatMap(({ functionCall }) =>
      functionCall === undefined ? [] : [{ name: functionCall.name ?? '', city: cityOf(functionCall.args) }],
    ),
    finish:
      responses.findLast(({ candidates }) => candidates?.[0]?.finishReason !== undefined)?.candidates?.[0]
        ?.finishReason ?? null,
    usage: {
      input: promptTokenCount ?? null,
      cached: cachedContentTokenCount ?? null,
      output: candidatesTokenCount === undefined ? null : candidatesTokenCount + (thoughtsTokenCount ?? 0),
      reasoning: thoughtsTokenCount ?? null,
    },
    thought: parts.map((part) => (part.thought === true ? (part.text ?? '') : '')).join(''),
    ...(wish.schema === true ? { parsed: JSON.parse(text) as unknown } : {}),
  }
}

type Chat = ReturnType<GoogleGenAI['chats']['create']>

/** The SDK's chat keeps the history, calls and signatures in it. */
const say = async (chat: Chat, wish: Wish, message: Part[]): Promise<Told> => {
  const responses: GenerateContentResponse[] = []
  let pieces = 0
  if (wish.stream === true)
    for await (const chunk of await chat.sendMessageStream({ message })) {
      responses.push(chunk)
      if (chunk.candidates?.[0]?.content?.parts?.some((part) => part.text && part.thought !== true)) {
        pieces += 1
        wish.onPiece?.()
      }
    }
  else {
    responses.push(await chat.sendMessage({ message }))
    pieces = 1
  }
  const calls = responses.flatMap((response) => response.functionCalls ?? [])
  const next = (results: readonly string[]): Promise<Told> =>
    say(
      chat,
      wish,
      calls.map(({ id, name }, index) => ({
        functionResponse: {
          ...(id === undefined ? {} : { id }),
          ...(name === undefined ? {} : { name }),
          response: { result: results[index] ?? '' },
        },
      })),
    )
  return { ...toldOf({ responses, pieces }, wish), next }
}

const runTools = async (client: GoogleGenAI, wish: Wish) => {
  const cities: string[] = []
  const callable: CallableTool = {
    tool: () => Promise.resolve({ functionDeclarations: [declaration] }),
    callTool: (calls: FunctionCall[]) =>
      Promise.resolve(
        calls.map(({ id, name, args }) => {
          const city = cityOf(args)
          cities.push(city)
          return {
            functionResponse: {
              ...(id === undefined ? {} : { id }),
              ...(name === undefined ? {} : { name }),
              response: { result: weatherOf[city] ?? '?' },
            },
          }
        }),
      ),
  }
  const contents: Content[] = [{ role: 'user', parts: partsOf(wish) }]
  const { text } = await client.models.generateContent({ model: wish.model, contents, config: { tools: [callable] } })
  return { text: text ?? '', cities }
}

export const genai: Driver = {
  name: 'genai',
  title: '`@google/genai` for JavaScript',
  front: 'google',
  words: { stop: 'STOP', length: 'MAX_TOKENS' },
  kinds: { 0: ApiError.name },
  retries: true,
  lacks: {},
  open: ({ url, key, retriesMax }) => {
    const client = new GoogleGenAI({
      apiKey: key,
      httpOptions: { baseUrl: url, retryOptions: { attempts: retriesMax + 1, initialDelay: 0.1, maxDelay: 1 } },
    })
    return {
      ask: (wish) => say(client.chats.create({ model: wish.model, config: configOf(wish) }), wish, partsOf(wish)),
      runTools: (wish) => runTools(client, wish),
    }
  },
  faultOf: (thrown) => faultBy(thrown, ({ status }) => status),
}
