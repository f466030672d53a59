/** Violations that stay, each with its reason: where a document is behind, wrong, or stricter than its own service. */

export type KnownViolation = { readonly line: RegExp; readonly why: string }

export const knownViolations: readonly KnownViolation[] = [
  {
    line: /^Create(?:ChatCompletionRequest|Response)\.(?:top_p|temperature) is (?:under 0|over 2)$/,
    why: "the caller's own figure, out of every format's bounds: its provider is to refuse it",
  },
  {
    line: /Response(?:StreamEvent)?(?:\.response)?\.user is null, not string$/,
    why: 'the service itself writes null where no user was named (recorded answers)',
  },
  {
    line: /^Response(?:StreamEvent\.response)?\.usage is null, not object$/,
    why: 'the service itself writes null until usage is known (recorded answers), and an unknown usage is not zero',
  },
  {
    line: /^ResponseStreamEvent\.response\.error\.code ".+" is none of its words$/,
    why: "Drover's own codes are what its callers go by, in every format; clients take any word here",
  },
  {
    line: /delta\.tool_calls\[\]\.type "custom" is none of its words$/,
    why: 'the document has custom tools in whole answers and requests, and forgot them in chunks',
  },
  {
    line: /message\.annotations\[\]\.(?:url_citation is missing|type "file_citation" is none of its words)$/,
    why: 'places in documents have no address: they are told as Responses tells them, which clients of chat pass over',
  },
  {
    line: /^CreateChatCompletionRequest\.messages\[\]\.content is array, not string$/,
    why: 'a film goes as `video_url`, which compatible servers take and OpenAI does not have',
  },
  {
    line: /functionCallingConfig\.mode "VALIDATED" is none of its words$/,
    why: 'the document is of October 2024, the mode of 2025',
  },
]
