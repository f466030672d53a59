/** The paths of calls that several SDKs share. Paths are compared in lower case, without underscores. */

import type { Endpoint } from './sdk-rule.ts'

type Paths = readonly (readonly [RegExp, Endpoint])[]

/** The generated clients of OpenAI's API, in every language. */
export const openaiPaths: Paths = [
  [
    /(?:^|\.)chat\.completions\.(?:create|createstreaming|parse|stream|run|runtools|runfunctions|new|newstreaming|createasync|createstreamed|createbyot|createstream|createstreambyot|submittoolresponse)$/,
    'chat',
  ],
  [/(?:^|\.)chatcompletions?$/, 'chat'],
  [/(?:^|\.)chat\.(?:create|createstreamed|createstream|createbyot|createstreambyot)$/, 'chat'],
  [
    /(?:^|\.)responses\.(?:createbyot|createstreambyot|create|createstreaming|parse|stream|new|newstreaming|compact|createstreamed|createstream)$/,
    'responses',
  ],
  [
    /(?:^|\.)messages\.(?:create|createstreaming|stream|parse|counttokens|new|newstreaming|createwithstream)$/,
    'messages',
  ],
  [/(?:^|\.)completions\.(?:create|createstreaming|new|newstreaming|createstreamed|createstream)$/, 'completions'],
  [/(?:^|\.)embeddings\.(?:create|new|createbyot|createbase64)$/, 'embeddings'],
  [/(?:^|\.)moderations\.(?:create|new)$/, 'moderations'],
  [/(?:^|\.)images?\.(?:generate|edit|createvariation|variations?|create|editimage)$/, 'images'],
  [
    /(?:^|\.)audio\.(?:transcriptions?|translations?|speech)\.(?:create|new|createbyot|createstream|createstreaming|createverbosejson|createraw|createsrt)$/,
    'audio',
  ],
  [/(?:^|\.)audio\.(?:transcribe|translate|speech|speechstreamed)$/, 'audio'],
  [
    /(?:^|\.)files\.(?:create|new|upload|retrieve|get|list|update|delete|del|cancel|content|retrievecontent|listautopaging)$/,
    'files',
  ],
  [
    /(?:^|\.)batches\.(?:create|new|upload|retrieve|get|list|update|delete|del|cancel|content|retrievecontent|listautopaging)$/,
    'batches',
  ],
  [
    /(?:^|\.)finetuning\.jobs\.(?:create|new|upload|retrieve|get|list|update|delete|del|cancel|content|retrievecontent|listautopaging|listevents)$/,
    'fine-tuning',
  ],
  [
    /(?:^|\.)(?:assistants|threads|threads\.runs|runs|threads\.messages|vectorstores|vectorstores\.files|vectorstores\.filebatches)\.(?:create|createstream|createbyot|createandpoll|createandrun|createandrunpoll|poll|stream|new|retrieve|get|list|update|delete|del|cancel|submittooloutputs|submittooloutputsandpoll|submittooloutputsstream|uploadandpoll|search|modify)$/,
    'assistants',
  ],
  [/(?:^|\.)models\.(?:list|retrieve|get|delete|del|listautopaging)$/, 'models'],
  [
    /(?:^|\.)(?:videos|containers|conversations|conversations\.items|evals|uploads|chatkit\.sessions)\.(?:create|new|createbyot|retrieve|list|delete|remix)$/,
    'other',
  ],
  [/(?:^|\.)realtime\.(?:connect|sessions\.create)$/, 'realtime'],
]

/** Clients of chains and agents: the model is an object with verbs. */
export const frameworkPaths: Paths = [
  [
    /(?:^|\.)(?:a?invoke|a?stream|a?batch|a?generate|a?predict|a?call|apredictmessages|predictmessages|streamevents|astreamevents|astreamlog|generateprompt|agenerateprompt)$/,
    'chat',
  ],
  [/(?:^|\.)(?:a?embedquery|a?embeddocuments)$/, 'embeddings'],
]

/** The rows of an SDK that only talks. */
export const chat = (path: RegExp): Paths => [[path, 'chat']]
