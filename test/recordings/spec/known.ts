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
  {
    line: /^(?:CreateResponseBody|ResponseResource|StreamingEvent)\.(?:.+ )?.*"(?:custom|custom_tool_call|image_generation_call|response\.custom_tool_call_input\.(?:delta|done))" is none of its words$/,
    why: 'Open Responses has not the custom tools and pictures of OpenAI, whose own document has them: clients meet them only where they asked',
  },
  {
    line: /^(?:ResponseResource|StreamingEvent(?:\.response)?)\.output\[\]\.(?:summary|arguments) is missing$|^StreamingEvent\.(?:item is object, not null|response is missing)$/,
    why: 'the same items, held against the kind that is next to them',
  },
  {
    line: /^CreateResponseBody\.(?:tools is array, not null|input is array, not string|text\.format\.type "json_object" is none of its words)$/,
    why: "OpenAI's own tools and its older way to ask for JSON, which Open Responses has not",
  },
  {
    line: /^Chat(?:Request|Result|StreamChunk)\..*tool_calls\[\]\.(?:function is missing|type "custom" is none of its words)$|^ChatRequest\.tools\[\]\.type "custom" is none/,
    why: "OpenRouter's document has not the custom tools of OpenAI's",
  },
  {
    line: /^ChatResult\.system_fingerprint is missing$/,
    why: "OpenAI's document does not ask for it, and of a model of another format there is none",
  },
  {
    line: /^ResponsesRequest\.(?:include\[\] "message\.output_text\.logprobs"|store true) is none of its words$/,
    why: "OpenAI's own, which OpenRouter has not: it is sent where the caller asked for it",
  },
  {
    line: /^OpenResponsesResult\.usage is null, not object$|^StreamEvents\.response\.usage is null, not object$/,
    why: 'the service itself writes null until usage is known (recorded answers), and an unknown usage is not zero',
  },
  {
    line: /^StreamEvents\.response\.error\.code ".+" is none of its words$/,
    why: "Drover's own codes are what its callers go by, in every format; clients take any word here",
  },
  {
    line: /^Messages(?:Result|StreamEvents)\..*\b(?:container|stop_details|citations|caller|output_tokens_details|cache_creation|inference_geo|server_tool_use|web_fetch_requests|service_tier|cache_creation_input_tokens|cache_read_input_tokens) is missing$/,
    why: 'the document asks for every member; Anthropic itself leaves each of them out (167 recorded answers), and its clients allow that',
  },
  {
    line: /^Messages(?:Result|StreamEvents)(?:\.message)?\.usage\.(?:input|output)_tokens is null, not integer$/,
    why: 'an unknown usage is not zero',
  },
  {
    line: /^MessagesRequest\.messages\[\]\.content is array, not string$/,
    why: 'a picture or file by its id at the provider, which the document has not',
  },
]
