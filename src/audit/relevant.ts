/** Whether a text can hold a finding at all: files of which this is false are not parsed. */

const words =
  /openai|anthropic|claude|gemini|generativelanguage|genai|vertexai|bedrock|mistral|cohere|groq|deepseek|moonshot|kimi|\bx\.ai|grok|openrouter|together|fireworks|perplexity|cerebras|dashscope|qwen|zhipu|bigmodel|siliconflow|litellm|langchain|llama|instructor|haystack|semantic.?kernel|pydantic_ai|ollama|replicate|huggingface|chat\/completions|chat\.completions|chat_?completion|\/v1\/messages|\/v1\/embeddings|\/v1\/responses|gpt-|text-embedding|['"]ai['"]|@ai-sdk|spring.*\.ai\b|dall-e|whisper-1|(?:LLM|AI)_(?:API_KEY|BASE_URL|MODEL|API_BASE)|\bdspy\b|crewai|autogen|smolagents|langgraph|\bagno\b|google\.adk|\bstrands\b|@mastra\/|RubyLLM|prism|Microsoft\.Extensions\.AI|replicate|voyage|azure.{0,12}(?:oai|ai)/i

export const isRelevant = (text: string): boolean => words.test(text)
