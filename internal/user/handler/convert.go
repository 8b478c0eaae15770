package handler

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/sneakers-marketplace/marketplace/internal/user/model"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
)

func user(u model.User) *userv1.User {
	roles := make([]string, len(u.Roles))
	for i, r := range u.Roles {
		roles[i] = string(r)
	}
	status := userv1.UserStatus_ACTIVE
	if u.Banned() {
		status = userv1.UserStatus_BANNED
	}
	return &userv1.User{
		Id:            u.ID.String(),
		Email:         u.Email,
		FirstName:     u.Profile.FirstName,
		LastName:      u.Profile.LastName,
		Phone:         u.Profile.Phone,
		ShoeSize:      u.Profile.ShoeSize,
		EmailVerified: u.EmailVerifiedAt != nil,
		Roles:         roles,
		Status:        status,
		CreatedAt:     timestamppb.New(u.CreatedAt),
		UpdatedAt:     timestamppb.New(u.UpdatedAt),
		Version:       u.Version,
	}
}

func address(a model.Address) *userv1.Address {
	return &userv1.Address{
		Id:         a.ID.String(),
		Kind:       kindTo[a.Kind],
		Recipient:  a.Recipient,
		Line1:      a.Line1,
		Line2:      a.Line2,
		City:       a.City,
		Region:     a.Region,
		PostalCode: a.PostalCode,
		Country:    a.Country,
		Phone:      a.Phone,
		IsDefault:  a.IsDefault,
		CreatedAt:  timestamppb.New(a.CreatedAt),
		UpdatedAt:  timestamppb.New(a.UpdatedAt),
		Version:    a.Version,
	}
}

var kindTo = map[model.AddressKind]userv1.AddressKind{
	model.KindShipping: userv1.AddressKind_SHIPPING,
	model.KindBilling:  userv1.AddressKind_BILLING,
}

var kindFrom = map[userv1.AddressKind]model.AddressKind{
	userv1.AddressKind_SHIPPING: model.KindShipping,
	userv1.AddressKind_BILLING:  model.KindBilling,
}

func fromAddress(a *userv1.Address) model.Address {
	return model.Address{
		Kind:       kindFrom[a.GetKind()],
		Recipient:  a.GetRecipient(),
		Line1:      a.GetLine1(),
		Line2:      a.GetLine2(),
		City:       a.GetCity(),
		Region:     a.GetRegion(),
		PostalCode: a.GetPostalCode(),
		Country:    a.GetCountry(),
		Phone:      a.GetPhone(),
		IsDefault:  a.GetIsDefault(),
	}
}

// seconds is a duration in whole seconds, as OAuth's expires_in counts.
func seconds(d time.Duration) int64 { return int64(d / time.Second) }
