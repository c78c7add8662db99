import { ApiProperty, OmitType } from '@nestjs/swagger';
import { IsString, Length } from 'class-validator';
import { CustomerField, Omittable, ProductField } from '../../http/input/fields.js';
import { ListQuery } from '../../http/pagination/list.query.js';
import { PortalSettingsDto } from '../../products/dto/portal-settings.dto.js';

export class CreatePortalSessionDto {
  /** Key of the customer whose pages are opened. */
  @CustomerField({ nonEmpty: true })
  customer: string;

  @ProductField()
  product?: string;

  /**
   * Where the portal leads back to: at or below one of `allowedReturnUrls` of the product's portal. Left out: no way
   * back. @example "https://app.example.com/billing"
   */
  @Omittable()
  @IsString()
  @Length(1, 2_000)
  returnUrl?: string;
}

/** A link that opens the portal once. */
export class PortalLinkDto {
  /** Id of the session, to revoke it. */
  id: string;
  /** Redirect the browser to it. It is a secret until it is used. */
  url: string;
  /** 15 minutes from now: it cannot be used any more then. */
  expiresAt: Date;
}

export class ExchangePortalLinkDto {
  /** The text after `#token=` in the URL of the link. @example "EXAMPLE-TOKEN-IN-THE-FRAGMENT-OF-THE-LINK-00" */
  @IsString()
  @Length(1, 128)
  token: string;
}

/** A session of one customer on one product. */
export class OpenedPortalSessionDto {
  /** Id of the session, to end it with `DELETE /v1/portal-sessions/{id}`. */
  id: string;
  /** Send it as `Authorization: Bearer`. Keep it in memory only. */
  accessToken: string;
  tokenType: 'Bearer';
  /** Lifetime in seconds. It cannot be prolonged. */
  expiresIn: number;
  /** Key of the customer. */
  customer: string;
  /** Key of the product. */
  product: string;
  returnUrl: string | null;
}

export class ListPortalSessionsQueryDto extends ListQuery {
  @CustomerField({ optional: true, nonEmpty: true, description: 'Key of a customer. Left out: all customers.' })
  customer?: string;

  @ProductField({ nonEmpty: true, description: 'Key of a product. Default: all products that the caller may see.' })
  product?: string;
}

export class PortalSessionCreatorDto {
  @ApiProperty({ enum: ['user', 'api_key'] })
  kind: 'user' | 'api_key';
  id: string;
}

/** A portal session, or a link that is not used yet. */
export class PortalSessionDto {
  id: string;
  /** Key of the customer. */
  customer: string;
  /** Key of the product. */
  product: string;
  /** Creator of the link: the session ends with its rights. */
  createdBy: PortalSessionCreatorDto;
  returnUrl: string | null;
  createdAt: Date;
  /** Time at which the link was used; null: not used. */
  openedAt: Date | null;
  /** End of the session; of an unused link its own. */
  expiresAt: Date;
  /** Null: not revoked. */
  revokedAt: Date | null;
}

export class PortalSessionPageDto {
  data: PortalSessionDto[];
  hasMore: boolean;
  nextCursor: string | null;
}

export class PortalQueryDto {
  @ProductField()
  product?: string;
}

/** How the portal looks. */
export class PortalLookDto extends OmitType(PortalSettingsDto, ['allowedReturnUrls']) {
  /** Key of the product. */
  product: string;
}
