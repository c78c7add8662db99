/** Filters of the audit log, kept in the URL. */
export interface AuditFilters {
  type?: string;
  customer?: string;
  actorKind?: 'user' | 'api_key' | 'portal' | 'system' | 'anonymous';
  from?: string;
  to?: string;
}
