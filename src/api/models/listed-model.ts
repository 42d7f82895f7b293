/** A model as the registry knows it, as far as this surface shows it. */
export interface ListedModel {
  id: string;
  ownedBy: string;
  created: number;
  contextTokens?: number;
}
