/** The columns that keys, teams and users share. */
import type { EntitySchemaColumnOptions } from 'typeorm';
import type { LimitedRow } from '../../keys/rows.js';

const number = (name: string, type: 'integer' | 'bigint'): EntitySchemaColumnOptions => ({
  name,
  type,
  nullable: true,
});

export const limitedColumns: Record<keyof LimitedRow, EntitySchemaColumnOptions> = {
  models: { type: 'text', array: true },
  maxBudgetNanoUsd: number('max_budget_nano_usd', 'bigint'),
  softBudgetNanoUsd: number('soft_budget_nano_usd', 'bigint'),
  budgetDuration: { name: 'budget_duration', type: 'text', nullable: true },
  budgetResetAt: { name: 'budget_reset_at', type: 'text', nullable: true },
  maxTokensBudget: number('max_tokens_budget', 'bigint'),
  maxRequestsBudget: number('max_requests_budget', 'bigint'),
  rpmLimit: number('rpm_limit', 'integer'),
  rpsLimit: number('rps_limit', 'integer'),
  tpmLimit: number('tpm_limit', 'bigint'),
  maxParallelRequests: number('max_parallel_requests', 'integer'),
  modelMaxBudget: { name: 'model_max_budget', type: 'jsonb' },
  modelRpmLimit: { name: 'model_rpm_limit', type: 'jsonb' },
  modelTpmLimit: { name: 'model_tpm_limit', type: 'jsonb' },
  dataPolicy: { name: 'data_policy', type: 'text', nullable: true },
  metadata: { type: 'jsonb' },
  blocked: { type: 'boolean' },
  createdAt: { name: 'created_at', type: 'timestamptz' },
  createdBy: { name: 'created_by', type: 'text' },
  updatedAt: { name: 'updated_at', type: 'timestamptz' },
  updatedBy: { name: 'updated_by', type: 'text' },
  deletedAt: { name: 'deleted_at', type: 'timestamptz', nullable: true },
};
