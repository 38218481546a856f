/** Prices and money: integer nano-dollars, list prices of models, the cost of an answer. */
export { isUsdAmount, nanoOfUsd, nanoOfTokens, usdOfNano, perMillionOfPerToken } from './money.js';
export { costOf, estimateCost } from './cost.js';
export type { PriceTerms, LongContextTerms, BilledTokens, BilledUnits, UnitPrices } from './cost.js';
export { findPrice, findModelFacts, providerOfModel, pricedModels, pricesAsOf } from './price-table.js';
export type { ListPrice, ModelFacts } from './price-table.js';
