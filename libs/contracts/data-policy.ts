/** What may happen to a prompt at a deployment, from strictest to loosest. */
import { z } from 'zod';

export const dataPolicies = ['local', 'no-retention', 'may-retain', 'may-train'] as const;
export const DataPolicy = z.enum(dataPolicies);
export type DataPolicy = z.infer<typeof DataPolicy>;

/** True if a deployment with policy `offered` may serve a request that demands `demanded`. */
export function satisfiesDataPolicy(offered: DataPolicy, demanded: DataPolicy): boolean {
  return dataPolicies.indexOf(offered) <= dataPolicies.indexOf(demanded);
}

/** The strictest of several demands; undefined where nobody demands anything. */
export function strictestDataPolicy(demands: readonly (DataPolicy | null | undefined)[]): DataPolicy | undefined {
  return dataPolicies.find((policy) => demands.includes(policy));
}
