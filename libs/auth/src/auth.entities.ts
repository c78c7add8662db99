import type { JsonWebKey } from 'node:crypto';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { instant } from '@app/platform';
import type { Scope } from './domain/principal.js';

/** One login, with all refresh tokens that were rotated in it. */
@Entity('sessions')
export class SessionEntity {
  @PrimaryColumn('uuid') id: string;
  @Column('uuid', { name: 'user_id' }) userId: string;
  @Column(instant({ name: 'revoked_at', nullable: true })) revokedAt: Date | null;
  @Column('text', { name: 'revoked_reason', nullable: true }) revokedReason: string | null;
  /** True: opened by the OpenID Connect provider, which also decides about second factors. */
  @Column('boolean', { name: 'single_sign_on' }) singleSignOn: boolean;
  @Column(instant({ name: 'expires_at' })) expiresAt: Date;
  @Column(instant({ name: 'created_at' })) createdAt: Date;
}

@Entity('refresh_tokens')
export class RefreshTokenEntity {
  @PrimaryColumn('bytea') hash: Buffer;
  @Column('uuid', { name: 'session_id' }) sessionId: string;
  @Column(instant({ name: 'rotated_at', nullable: true })) rotatedAt: Date | null;
  @Column(instant({ name: 'expires_at' })) expiresAt: Date;
  @Column(instant({ name: 'created_at' })) createdAt: Date;
}

@Entity('signing_keys')
export class SigningKeyEntity {
  @PrimaryColumn('text') kid: string;
  @Column('jsonb', { name: 'public_key' }) publicKey: JsonWebKey;
  @Column('bytea', { name: 'sealed_private_key' }) sealedPrivateKey: Buffer;
  /** From when on tokens are signed with it. */
  @Column(instant({ name: 'signs_from' })) signsFrom: Date;
  @Column(instant({ name: 'created_at' })) createdAt: Date;
}

@Entity('api_keys')
export class ApiKeyEntity {
  @PrimaryColumn('uuid') id: string;
  @Column('text', { name: 'public_id' }) publicId: string;
  @Column('bytea', { name: 'secret_hash' }) secretHash: Buffer;
  @Column('text', { name: 'last_four' }) lastFour: string;
  @Column('text') name: string;
  @Column('text', { array: true }) scopes: Scope[];
  @Column('uuid', { name: 'product_id', nullable: true }) productId: string | null;
  @Column('uuid', { name: 'owner_user_id' }) ownerUserId: string;
  @Column('uuid', { name: 'customer_id', nullable: true }) customerId: string | null;
  /** null: no limit. */
  @Column('integer', { name: 'rate_limit_per_minute', nullable: true }) rateLimitPerMinute: number | null;
  @Column(instant({ name: 'last_used_at', nullable: true })) lastUsedAt: Date | null;
  /** Id of the key that replaced it in a rotation. */
  @Column('uuid', { name: 'replaced_by', nullable: true }) replacedBy: string | null;
  @Column(instant({ name: 'expires_at', nullable: true })) expiresAt: Date | null;
  @Column(instant({ name: 'revoked_at', nullable: true })) revokedAt: Date | null;
  @Column(instant({ name: 'created_at' })) createdAt: Date;
}
