import { Module } from '@nestjs/common';
import { AuthModule } from '@app/auth';
import { UsersModule } from '@app/users';
import { UsersController } from './users.controller.js';

@Module({ imports: [AuthModule, UsersModule], controllers: [UsersController] })
export class UserRoutesModule {}
