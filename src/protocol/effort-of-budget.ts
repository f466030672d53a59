/** A budget for thinking in tokens as the word of effort that stands for about as much, for formats that take no budget. */
export const effortOfBudget = (tokens: number): 'low' | 'medium' | 'high' =>
  tokens <= 4_096 ? 'low' : tokens <= 16_384 ? 'medium' : 'high'
