"""What may be done to the merchant's world, and under which policy?"""
